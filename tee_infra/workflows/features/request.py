"""The request of `feature create`: from its options, GitHub's variables, git and the user."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from tee_infra.core.lifecycle.record import FeatureRecord, Seed
from tee_infra.core.lifecycle.transitions import CreateRequest
from tee_infra.core.names import feature_environment
from tee_infra.core.settings import OWNER, PLACEHOLDER_OWNER
from tee_infra.errors import RefusedError, UsageError
from tee_infra.scm.git import HEADS, head_of, user_email


class OwnerError(UsageError):
    """An owner with characters that a tag does not allow."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        super().__init__(
            f"--owner {owner!r}: not allowed in a tag. Allowed: 1 to 128 letters, digits, spaces and _ . + - @"
        )


class ForkError(RefusedError):
    """The workflow runs in another repository than the settings name, e.g. in a fork."""

    def __init__(self, running_in: str, repository: str) -> None:
        self.running_in = running_in
        super().__init__(
            f"{running_in}: not the repository {repository} of the settings, and branches of forks are never "
            "deployed. Nothing was changed",
            next="If the repository was moved, set environment.repository in Pulumi.dev.yaml",
        )


def read_request(
    directory: Path,
    repository: str,
    branch: str,
    environ: Mapping[str, str],
    user: str,
    *,
    owner: str | None,
    ttl: timedelta | None,
    seed: Seed | None,
    revive: bool,
) -> CreateRequest:
    """The request for a branch of `repository`, which the host's settings name. `directory` is the checkout.

    Raises `BranchNameError`, `OwnerError`, `ForkError`.
    """
    _refuse_forks(environ, repository)
    return CreateRequest(
        environment=feature_environment(branch, repository),
        repository=repository,
        branch=branch,
        owner=_owner(owner, directory, environ, user),
        owner_given=owner is not None,
        ttl=ttl,
        seed=seed,
        head=_head(directory, branch, environ),
        is_pushed=_is_pushed(branch, environ),
        revive=revive,
    )


def repeat_request(
    record: FeatureRecord, directory: Path, repository: str, environ: Mapping[str, str]
) -> CreateRequest:
    """The request to update the environment of `record`, unless it was destroyed. Raises `ForkError`.

    `repository` is the host's: `wished` refuses a record of another repository.
    """
    _refuse_forks(environ, repository)
    return CreateRequest(
        environment=record.environment,
        repository=repository,
        branch=record.branch,
        owner=record.owner,
        head=_head(directory, record.branch, environ),
        is_pushed=_is_pushed(record.branch, environ),
        revive=False,
    )


def _refuse_forks(environ: Mapping[str, str], repository: str) -> None:
    running_in = environ.get("GITHUB_REPOSITORY")
    if not running_in or repository.startswith(f"{PLACEHOLDER_OWNER}/"):
        return
    if running_in.lower() != repository.lower():  # as GitHub compares them
        raise ForkError(running_in, repository)


def _owner(given: str | None, directory: Path, environ: Mapping[str, str], user: str) -> str:
    if given is not None and not _may_own(given):
        raise OwnerError(given)
    known = (given, user_email(directory), environ.get("GITHUB_ACTOR"), user)
    found = next((name for name in known if name and _may_own(name)), None)
    if found is None:
        raise OwnerError(user)
    return found


def _may_own(name: str) -> bool:
    return re.fullmatch(OWNER, name) is not None


def _is_pushed(branch: str, environ: Mapping[str, str]) -> bool:
    """Whether a workflow runs for the branch, which is on the remote then."""
    return environ.get("GITHUB_REF") == HEADS + branch


def _head(directory: Path, branch: str, environ: Mapping[str, str]) -> str | None:
    """The branch's commit from the workflow's variables, else from git. None: unknown."""
    commit = environ.get("GITHUB_SHA")
    if commit and environ.get("GITHUB_REF", HEADS + branch) == HEADS + branch:
        return commit
    return head_of(directory, branch)
