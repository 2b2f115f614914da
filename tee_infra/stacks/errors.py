"""The errors of a stack."""

import re
from typing import Final

from tee_infra.core.changes.blocked import way_through
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.errors import BusyError, RefusedError, RemoteError, UsageError

NO_RUN = EngineRun()
_REPAIRED: Final = re.compile(
    r"already ?exists|already ?owned|ResourceInUseException|snapshot integrity|unmarshal|integrity check|"
    r"(?:could not|failed to|cannot) "
    r"(?:deserialize|load|read|decode) (?:the )?(?:checkpoint|deployment|snapshot|stack)|"
    r"invalid (?:checkpoint|deployment)",
    re.IGNORECASE,
)
"""Failures of which the state is the cause: a resource that it forgot, or a state that the engine cannot read."""


class NoStackError(UsageError):
    """The environment has no stack yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"environment {name!r} has no stack yet", next=f"Create it: tee-infra up {name}")


class StackLockedError(BusyError):
    """Another run holds the stack; `holder` is from its lock file: user, machine, process and time."""

    def __init__(self, name: str, holder: str) -> None:
        self.name = name
        self.holder = holder
        super().__init__(
            f"environment {name!r} is locked in Pulumi by another run ({holder})",
            next=f"Wait until it has finished, or if its process has died: tee-infra repair {name}",
        )


class ProtectedError(RefusedError):
    """Protected resources would have to be deleted or replaced. Raised before anything is changed.

    `run` has the steps until the failure.
    """

    def __init__(self, name: str, resources: list[str], run: EngineRun = NO_RUN) -> None:
        self.name = name
        self.resources = resources
        self.run = run
        super().__init__(
            f"environment {name!r} protects {', '.join(resources)}; nothing was changed",
            next=f"Keep their names and keys, or {way_through(name)}. See the plan: tee-infra preview {name}",
        )


class SharedResourceError(RefusedError):
    """Resources would be deleted that another resource of the same state holds. Raised before anything is changed.

    `run` is the plan.
    """

    def __init__(self, name: str, run: EngineRun) -> None:
        self.name = name
        self.resources = list(run.shared)
        self.run = run
        super().__init__(
            f"environment {name!r}: the state has {', '.join(run.shared)} twice, so deleting one deletes the resource "
            "of both. Nothing was changed",
            next=f"Diagnose it: tee-infra repair {name}",
        )


def refusal(name: str, plan: EngineRun) -> ProtectedError | SharedResourceError | None:
    """Why a plan must not be carried out; None for one that may be."""
    if plan.protected:
        return ProtectedError(name, [change.name for change in plan.protected], plan)
    return SharedResourceError(name, plan) if plan.shared else None


class EngineError(RemoteError):
    """The engine failed; `problems` are its own messages, one for each resource or for the program.

    `run` has the steps until the failure.
    """

    def __init__(self, name: str, problems: list[str], run: EngineRun = NO_RUN) -> None:
        self.name = name
        self.problems = problems
        self.run = run
        repairs = any(_REPAIRED.search(problem) for problem in problems)
        super().__init__(
            f"environment {name!r}: {'; '.join(problems)}",
            next=f"Diagnose and repair the state: tee-infra repair {name}" if repairs else None,
        )
