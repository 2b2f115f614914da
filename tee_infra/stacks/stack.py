"""A stack's verbs, each a run of the engine with the program inline, so that no language host is needed."""

import re
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode  # a public constructor's argument that the package does not export
from pulumi.automation.events import EngineEvent

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.core.pulumi_state.integrity import without
from tee_infra.core.pulumi_state.pending_operations import Adoption, adopt_pending, is_left_open, leave_open
from tee_infra.errors import TeeInfraError
from tee_infra.stacks.backend import Backend, Program, last_error_line
from tee_infra.stacks.blocked import unprotected
from tee_infra.stacks.cli import Check
from tee_infra.stacks.errors import EngineError, NoStackError, ProtectedError, StackLockedError, refusal
from tee_infra.stacks.events import EventCollector, Report
from tee_infra.stacks.planned_resource import planned_resource

_LOCK: Final = re.compile(r"(created by .*)")
_UNUSED_SUMMARY: Final = auto.UpdateSummary(
    kind="update", start_time=datetime.fromtimestamp(0, UTC), message="", environment={}, config={}, result="succeeded"
)


class Stack:
    """One environment's stack. `report` gets a line for every finished step.

    Every verb raises `StackLockedError`, `NoStackError`, `ProtectedError` or `EngineError`, and after `guard` what
    `check` raises.
    """

    def __init__(self, name: str, backend: Backend, program: Program, report: Report) -> None:
        self.name = name
        self._backend = backend
        self._report = report
        self._check: Check = lambda: None

        def checked() -> None:
            """Also between the engine's start and its own lock, this machine may have slept."""
            self._ask()
            program()

        self._program = checked
        workspace = backend.workspace(checked, self._ask)
        self._stack = _QuietStack(name, workspace, StackInitMode.SELECT)

    def guard(self, check: Check) -> None:
        """Interrupt a run once `check` raises `LockLostError`, and ask it before the first step of each run."""
        self._check = check

    def create(self) -> None:
        """Create it empty; an existing one is not changed."""
        self._backend.create(self.name)

    def preview(self) -> EngineRun:
        """The changes of an `up`, also of one that is refused (`stacks.refusal`). Changes nothing."""
        try:
            with self._run(_silent) as run:
                self._stack.preview(on_event=run.on_event)
        except ProtectedError as refused:
            return self._blocked_plan(refused)
        return run.result()

    def _blocked_plan(self, refused: ProtectedError) -> EngineRun:
        """The whole plan of a preview that was refused. Raises the refusal again if there is no such plan."""
        run = EventCollector(report=_silent)
        try:
            with suppress(ProtectedError), self._failures(run):
                self._stack.preview(on_event=run.on_event, program=unprotected(self._program))
            with self._failures(run):
                state = self._stack.export_stack().deployment
        except EngineError:
            raise refused from None
        plan = run.blocked_plan(state or {}, refused.resources)
        if not plan.protected:
            raise refused
        return plan

    def up(self) -> EngineRun:
        """Create and update resources, without another preview."""
        with self._run(self._report) as run:
            self._stack.up(on_event=run.on_event, show_secrets=False)
        return run.result()

    def preview_destroy(self) -> EngineRun:
        """The changes of a `destroy`. Raises `ProtectedError`, `SharedResourceError`: nothing is deleted."""
        with self._run(_silent) as run:
            self._stack.preview_destroy(on_event=run.on_event)
        plan = run.result()
        if refused := refusal(self.name, plan):
            raise refused
        return plan

    def destroy(self) -> EngineRun:
        """Delete every resource. The stack is kept, with its configuration and history.

        Call `preview_destroy` first: without a preview the engine deletes every unprotected resource before it
        fails on the protected one.
        """
        with self._run(self._report) as run:
            # The engine runs a program under its own lock, before the first deletion.
            self._stack.destroy(on_event=run.on_event, show_secrets=False, run_program=True, program=self._ask)
        return run.result()

    def remove(self) -> None:
        """Remove the stack, its configuration and history. The engine refuses while it has resources."""
        with self._run(_silent):
            self._stack.workspace.remove_stack(self.name)

    def preview_refresh(self) -> EngineRun:
        """Detect drift: differences of the resources from the state. Changes neither."""
        with self._run(_silent) as run:
            self._stack.preview_refresh(on_event=run.on_event, show_secrets=False)
        return _drift(run.result())

    def refresh(self) -> EngineRun:
        """Write the live properties into the state. Changes no resource."""
        with self._run(self._report) as run:
            self._stack.refresh(on_event=run.on_event, show_secrets=False)
        return _drift(run.result())

    def recover(self, account_id: str, region: str) -> bool:
        """Adopt the resources that a killed engine was creating, and remove those that do not exist from the state.

        False if no create was left open. Resources whose id cannot be computed are reported by name.
        """
        with self._run(_silent):
            exported = self._stack.export_stack()
        if not is_left_open(exported.deployment or {}):
            return False
        adoption = self._adopt(exported, account_id, region)
        self._report(f"an earlier run was killed while creating {', '.join(adoption.adopted + adoption.unknown)}")
        if adoption.unknown:
            self._report(f"check in AWS for a duplicate of {', '.join(adoption.unknown)}")
        return True

    def adopt(self, account_id: str, region: str) -> Adoption:
        """Adopt existing resources of the program that are not in the state. Changes no resource.

        Dependencies between them are not in the state before the next `up`.
        """
        planned, exported = self._planned()
        exported.deployment = leave_open(exported.deployment or {}, planned, str(uuid4()))
        return self._adopt(exported, account_id, region)

    def _planned(self) -> tuple[list[dict[str, Any]], auto.Deployment]:
        """The resources that `up` would create, and the state.

        Beside a change that a protection forbids they are all protected, until the next `up`.
        """
        planned: list[dict[str, Any]] = []
        run = EventCollector(report=_silent)

        def note(event: EngineEvent) -> None:
            run.on_event(event)
            if resource := planned_resource(event):
                planned.append(resource)

        try:
            with self._failures(run):
                self._stack.preview(on_event=note)
        except ProtectedError:
            planned.clear()
            with suppress(ProtectedError), self._failures(run):
                self._stack.preview(on_event=note, program=unprotected(self._program))
            planned = [{**resource, "protect": True} if resource["custom"] else resource for resource in planned]
        with self._failures(run):
            return planned, self._stack.export_stack()

    def planned_ids(self, account_id: str, region: str) -> frozenset[str]:
        """The physical ids of the resources that `up` would create, as far as they are known before."""
        planned, _ = self._planned()
        adoption = adopt_pending(leave_open({}, planned, str(uuid4())), account_id, region)
        return frozenset(resource["id"] for resource in adoption.deployment["resources"] if resource.get("id"))

    def forget(self, urns: Collection[str]) -> bool:
        """Take entries out of the state, and change nothing in AWS. False if other entries are below one of them."""
        with self._run(_silent):
            exported = self._stack.export_stack()
            deployment = exported.deployment or {}
            kept = without(deployment.get("resources") or [], urns)
            if kept is None:
                return False
            self._check()
            self._stack.import_stack(auto.Deployment(exported.version, {**deployment, "resources": list(kept)}))
        return True

    def _adopt(self, exported: auto.Deployment, account_id: str, region: str) -> Adoption:
        adoption = adopt_pending(exported.deployment or {}, account_id, region)
        with self._run(_silent):
            self._check()
            self._stack.import_stack(auto.Deployment(exported.version, adoption.deployment))
            self._stack.refresh(show_secrets=False)
        return adoption

    @contextmanager
    def _run(self, report: Report) -> Generator[EventCollector]:
        run = EventCollector(report=report)
        with self._failures(run):
            yield run

    @contextmanager
    def _failures(self, run: EventCollector) -> Generator[None]:
        """Turn a failure of the engine into an error with the `run` so far."""
        self._check()
        try:
            yield
        except auto.StackNotFoundError:
            raise NoStackError(self.name) from None
        except auto.ConcurrentUpdateError as error:
            holder = _LOCK.search(str(error))
            raise StackLockedError(self.name, holder[1] if holder else "unknown holder") from None
        except auto.CommandError as error:
            self._raise_lost()
            if run.protected:
                raise ProtectedError(self.name, sorted(set(run.protected)), run.result()) from error
            raise EngineError(self.name, run.reasons() or [last_error_line(error)], run.result()) from error

    def _ask(self) -> None:
        """The check as of now: `guard` may come after this was handed out."""
        self._check()

    def _raise_lost(self) -> None:
        """Raise the loss of the lock: after it, a failure of the engine is only its consequence."""
        try:
            self._check()
        except LockLostError:
            raise
        except TeeInfraError:
            return


def _silent(_: str) -> None:
    """Previews report all their changes at once."""


def _drift(run: EngineRun) -> EngineRun:
    """What was found in AWS is no plan that a protection could refuse."""
    return replace(run, changes=tuple(replace(change, protected=False) for change in run.changes), shared=())


class _QuietStack(auto.Stack):
    """Skip the CLI's queries for history and outputs after `up`, `destroy` and `refresh`, 0.3 s each."""

    def outputs(self) -> auto.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:  # noqa: ARG002
        return _UNUSED_SUMMARY
