"""Which environment a command means without ENV: the current branch's, otherwise TEE_ENV's, otherwise dev."""

from dataclasses import dataclass
from typing import Final

from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment, resolve_stage
from tee_infra.core.lifecycle.branches import USUAL_TRUNKS
from tee_infra.core.names import BranchNameError, branch_problem, feature_environment
from tee_infra.errors import RefusedError, UsageError

VARIABLE: Final = "TEE_ENV"


class DefaultIsProductionError(RefusedError):
    """No ENV was given, and `source` means production, which is never a target by default."""

    def __init__(self, environment: str, source: str) -> None:
        self.environment = environment
        self.source = source
        super().__init__(
            f"{environment}: {source} means production, which is never taken by default. Nothing was changed",
            next="Name the environment",
        )


class NoFeatureHereError(UsageError):
    """No ENV was given, and the current `branch` has no environment; it is None on no branch."""

    def __init__(self, branch: str | None) -> None:
        self.branch = branch
        where = "this folder is on no git branch" if branch is None else f"the branch {branch!r} has no environment"
        super().__init__(f"no environment is given, and {where}", next="Name one: tee-infra feature list")


class NoBranchError(UsageError):
    """`feature create` without `--branch` on no branch, or on the trunk."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"--branch is not given, and {reason}. Nothing was changed", next="Give --branch BRANCH")


@dataclass(frozen=True, kw_only=True)
class DefaultEnvironment:
    """The environment and the reason for it."""

    environment: Environment
    reason: str

    def line(self) -> str:
        """For people."""
        return f"environment: {self.environment.name} ({self.reason})"


def branch_environment(branch: str | None, repository: str) -> Environment | None:
    """The environment that a branch would have. None: it can have none, as a trunk, or there is no branch."""
    if branch is None or branch_problem(branch):
        return None
    try:
        return parse_environment(feature_environment(branch, repository))
    except BranchNameError:
        return None


def default_environment(
    branch: str | None, own: Environment | None, variable: str | None, *, reads: bool
) -> DefaultEnvironment:
    """The default of a command. `own` is the environment of the current `branch` if it exists, `variable` TEE_ENV.

    An empty variable counts as unset. `reads`: the command only reads, so that production may be the default. Raises
    `DefaultIsProductionError`, `UnknownEnvironmentError`.
    """
    if own is not None:
        return DefaultEnvironment(environment=own, reason=f"of the branch {branch}")
    if not variable:
        reason = "the default" if branch is None else f"the default; the branch {branch} has none"
        return DefaultEnvironment(environment=parse_environment(FEATURE_HOST), reason=reason)
    found = resolve_stage(variable, VARIABLE)
    if found.kind.production and not reads:
        raise DefaultIsProductionError(found.name, f"{VARIABLE}={variable}")
    return DefaultEnvironment(environment=found, reason=f"from {VARIABLE}")


def default_feature(branch: str | None, own: Environment | None, variable: str | None) -> DefaultEnvironment:
    """The same for a command about a feature environment. Raises `NoFeatureHereError`, `UnknownEnvironmentError`."""
    found = default_environment(branch, own, variable, reads=True)
    if not found.environment.is_feature:
        raise NoFeatureHereError(branch)
    return found


def branch_to_create(branch: str | None, trunk: str | None) -> str:
    """The branch of `feature create` without `--branch`. `trunk`: the default branch of `origin`, if it is known.

    Raises `NoBranchError`.
    """
    if branch is None:
        raise NoBranchError("this folder is on no git branch")
    if branch == trunk or branch in USUAL_TRUNKS:
        raise NoBranchError(f"{branch} is the trunk, which has a permanent environment")
    return branch
