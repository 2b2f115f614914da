"""ENV where it may be left out: the current branch's environment, TEE_ENV or dev, with a line on standard error."""

import os
from functools import partial
from pathlib import Path

from tee_infra.cli.old_names import renamed_argument
from tee_infra.cli.options import EnvironmentName
from tee_infra.cli.printing import show
from tee_infra.core.defaults.environment import VARIABLE, branch_to_create, default_environment, default_feature
from tee_infra.core.environments import Environment
from tee_infra.scm.git import current_branch, default_branch
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.own_environment import own_environment

optional_environment = renamed_argument(
    "environment",
    old="--env",
    type=EnvironmentName(),
    metavar="[ENV]",
    required=False,
    help=f"Default: the current git branch's, otherwise that of {VARIABLE} or dev.",
)
optional_feature = renamed_argument(
    "environment",
    old="--env",
    type=EnvironmentName(),
    metavar="[ENV]",
    required=False,
    help="Default: the current git branch's.",
)


def environment_or_default(given: Environment | None, *, local: bool, reads: bool = False) -> Environment:
    """The given environment, or the default. `reads`: the command only reads.

    Raises as `own_environment` and `default_environment` do.
    """
    if given is not None:
        return given
    branch = current_branch(Path.cwd())
    found = default_environment(branch, _own(branch, local=local), os.environ.get(VARIABLE), reads=reads)
    show(found.line(), err=True)
    return found.environment


def feature_or_default(given: Environment | None, *, local: bool) -> Environment:
    """The same for a command about a feature environment. Raises as `own_environment` and `default_feature` do."""
    if given is not None:
        return given
    branch = current_branch(Path.cwd())
    found = default_feature(branch, _own(branch, local=local), os.environ.get(VARIABLE))
    show(found.line(), err=True)
    return found.environment


def branch_or_current(given: str | None) -> str:
    """The given branch, or the current one. Raises `NoBranchError`."""
    if given is not None:
        return given
    branch = branch_to_create(current_branch(Path.cwd()), default_branch(Path.cwd()))
    show(f"branch: {branch} (the current one)", err=True)
    return branch


def _own(branch: str | None, *, local: bool) -> Environment | None:
    return own_environment(find_project(Path.cwd()), branch, partial(show, err=True), local=local)
