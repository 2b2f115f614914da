"""What an earlier run left: an unfinished switch to end, or a finished one to take back."""

from dataclasses import dataclass

from tee_infra.aws.control_switch import StoredJournal, SwitchJournals
from tee_infra.core.cutover.slots import ROLLBACK_FOR, generation
from tee_infra.core.cutover.switching import Outcome, resume
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.switch_runner import carry_out, runner_for
from tee_infra.workflows.cutover.tail_position import TailPosition, read_tail_position
from tee_infra.workflows.cutover.transform import LoadedTransform, load_transform


class UnreadableSwitchError(RefusedError):
    """The journal of the last switch cannot be read, so it is unknown whether it has ended."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}. Nothing was changed",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


class NoRollbackError(RefusedError):
    """There is no switch to take back, or the time for it has ended."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: no rollback: {reason}. Nothing was changed",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


@dataclass(frozen=True, kw_only=True)
class EndedSwitch:
    """An earlier run's switch, which this one has finished or aborted."""

    source: str
    target: str
    outcome: Outcome


def end_unfinished(context: CutoverContext, purpose: str) -> EndedSwitch | None:
    """Finish a switch that has flipped, abort any other. None if none is unfinished.

    Raises `LockedError` while its operator runs, `PointerMovedError`, `UnreadableSwitchError`.
    """
    last = last_switch(context, context.journals())
    if last is None or last.journal.ended:
        return None
    with locked(context.locks, context.switch_lock, context.actor, purpose) as lock:
        journals = context.journals()
        last = last_switch(context, journals)
        if last is None or last.journal.ended:
            return None
        journal = last.journal
        with recorded(context.history, context.actor, context.environment, f"resume switch to {journal.target}"):
            runner = runner_for(context, journals, lock, (journal.source, journal.target))
            outcome = carry_out(resume(journal), runner)
    context.report(f"ended the unfinished switch from {journal.source} to {journal.target}: {outcome.slot} is open")
    return EndedSwitch(source=journal.source, target=journal.target, outcome=outcome)


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """A rollback: from the open slot to the older one before the last switch, whose tail began at `position`."""

    source: str
    target: str
    position: TailPosition

    def transform(self) -> LoadedTransform | None:
        """What makes the old slot's items of the new one's; None for a plain copy.

        Raises `NoInverseError`, and as `load_transform` does.
        """
        return load_transform(self.position.transform) if self.position.transform else None


def way_back(context: CutoverContext) -> WayBack:
    """The rollback that is possible. Raises `NoRollbackError`, `UnreadableSwitchError`."""
    pointer, now = context.pointers.read()
    if isinstance(pointer, Unreadable):
        raise UnreadableSwitchError(context.environment, pointer.reason)
    last = _readable(context, context.journals().finished())
    if last is None or last.journal.target != pointer.slot:
        raise NoRollbackError(context.environment, f"{pointer.slot} was not opened by the last switch")
    source, target = last.journal.target, last.journal.source
    if generation(target) > generation(source):
        raise NoRollbackError(context.environment, f"the last switch was the one back to {source}")
    if now - last.written_at > ROLLBACK_FOR:
        raise NoRollbackError(
            context.environment, f"the time for it ended at {render_time(last.written_at + ROLLBACK_FOR)}"
        )
    return WayBack(source=source, target=target, position=read_tail_position(last.journal.position or ""))


def last_switch(context: CutoverContext, journals: SwitchJournals) -> StoredJournal | None:
    """The last switch, ended or not; None before the first one. Raises `UnreadableSwitchError`."""
    return _readable(context, journals.read())


def _readable(context: CutoverContext, found: StoredJournal | Unreadable | None) -> StoredJournal | None:
    if isinstance(found, Unreadable):
        raise UnreadableSwitchError(context.environment, found.reason)
    return found
