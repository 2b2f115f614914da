"""A stack's verbs, each a run of the engine with `deploy` inline, so that no language host is needed."""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import semver
from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode  # a public constructor's argument that the package does not export

from tee_infra.core.plan import Plan
from tee_infra.stacks.errors import EngineError, NoStackError, ProtectedError, StackLockedError
from tee_infra.stacks.run import Report, Run

Program = Callable[[], None]

_LOCK: Final = re.compile(r"(created by .*)")
_UNUSED_SUMMARY: Final = auto.UpdateSummary(
    kind="update", start_time=datetime.fromtimestamp(0, UTC), message="", environment={}, config={}, result="succeeded"
)


@dataclass(frozen=True, kw_only=True)
class StackEntry:
    """A stack as the backend lists it. `resources` is None where the backend does not say."""

    name: str
    resources: int | None
    last_update: datetime | None


class Stack:
    """One environment's stack.

    `directory` holds `Pulumi.yaml` and `Pulumi.<name>.yaml`, `command` is the Pulumi CLI of `version`, `environ` is
    what it needs besides this process's variables: backend, passphrase, credentials, provider. `report` gets a line
    for every finished step. Every verb raises `StackLockedError`, `NoStackError`, `ProtectedError` or `EngineError`.
    """

    def __init__(
        self,
        name: str,
        *,
        directory: Path,
        command: Path,
        version: str,
        environ: Mapping[str, str],
        program: Program,
        report: Report,
    ) -> None:
        self.name = name
        self._report = report
        self._workspace = _Checkout(
            work_dir=str(directory),
            program=program,
            env_vars=dict(environ),
            pulumi_command=_Command(command, version),
        )
        self._stack = _QuietStack(name, self._workspace, StackInitMode.SELECT)

    def preview(self) -> Plan:
        """What `up` would do. Changes nothing."""
        with self._run(lambda _: None) as run:
            self._stack.preview(on_event=run.on_event)
        return run.plan()

    def up(self) -> Plan:
        """Create and update resources, without another preview."""
        with self._run(self._report) as run:
            self._stack.up(on_event=run.on_event, show_secrets=False)
        return run.plan()

    def preview_destroy(self) -> Plan:
        """What `destroy` would do. Raises `ProtectedError` like it, but before anything is deleted."""
        with self._run(lambda _: None) as run:
            self._stack.preview_destroy(on_event=run.on_event)
        plan = run.plan()
        if plan.protected:
            raise ProtectedError(self.name, [change.name for change in plan.protected])
        return plan

    def destroy(self) -> Plan:
        """Delete every resource. The stack itself stays, with its configuration and history.

        Call `preview_destroy` first: without a preview the engine deletes every unprotected resource before it
        fails on the protected one.
        """
        with self._run(self._report) as run:
            self._stack.destroy(on_event=run.on_event, show_secrets=False)
        return run.plan()

    def preview_refresh(self) -> Plan:
        """How the resources differ from the state. Changes nothing, the state included."""
        with self._run(lambda _: None) as run:
            self._stack.preview_refresh(on_event=run.on_event, show_secrets=False)
        return run.plan()

    def refresh(self) -> Plan:
        """Write into the state what the resources are now. Changes no resource."""
        with self._run(self._report) as run:
            self._stack.refresh(on_event=run.on_event, show_secrets=False)
        return run.plan()

    def create(self) -> None:
        """Create the empty stack; one that exists is left as it is."""
        try:
            self._workspace.create_stack(self.name)
        except auto.StackAlreadyExistsError:
            return
        except auto.CommandError as error:
            raise EngineError(self.name, [_last_line(error)]) from error

    def outputs(self) -> dict[str, Any]:
        """The exports of the last `up`."""
        with self._run(self._report):
            return {key: output.value for key, output in self._workspace.stack_outputs(self.name).items()}

    def entries(self) -> list[StackEntry]:
        """Every stack of the project in this backend."""
        with self._run(self._report):
            return [
                StackEntry(name=found.name, resources=found.resource_count, last_update=found.last_update)
                for found in self._workspace.list_stacks()
            ]

    @contextmanager
    def _run(self, report: Report) -> Generator[Run]:
        run = Run(report=report)
        try:
            yield run
        except auto.StackNotFoundError:
            raise NoStackError(self.name) from None
        except auto.ConcurrentUpdateError as error:
            holder = _LOCK.search(str(error))
            raise StackLockedError(self.name, holder[1] if holder else "its lock does not say whose") from None
        except auto.CommandError as error:
            if run.protected:
                raise ProtectedError(self.name, sorted(set(run.protected))) from error
            raise EngineError(self.name, run.problems or [_last_line(error)]) from error


def _last_line(error: auto.CommandError) -> str:
    """The CLI's own words where no event told: the last line of its error output that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (told or lines or ["the engine failed without a word"])[-1]


class _Checkout(auto.LocalWorkspace):
    """A workspace that never selects a stack: a selection would change what plain `pulumi` means in this checkout."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing to do: every command names its stack."""

    def create_stack(self, stack_name: str) -> None:
        self.pulumi_command.run(["stack", "init", stack_name, "--no-select"], self.work_dir, self.env_vars)


class _QuietStack(auto.Stack):
    """`up`, `destroy` and `refresh` ask the CLI for history and outputs afterwards, 0.3 s a question; events told."""

    def outputs(self) -> auto.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:  # noqa: ARG002
        return _UNUSED_SUMMARY


class _Command(auto.PulumiCommand):
    """A CLI that `tee_infra.engine` has found and checked: the base class would run it once more for its version."""

    def __init__(self, command: Path, version: str) -> None:
        self.command = str(command)
        self.version = semver.VersionInfo.parse(version.removeprefix("v"))
