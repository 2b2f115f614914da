"""A switch from one slot to another: its conditions, its rehearsal, and the run itself; a rollback is one too.

The lock of the switch makes other replications of the environment hand over. Held are then this lock and that of the
replication into the new slot, until the block ends; a tail continues once both are free.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tee_infra.aws.control_switch import StoredJournal, SwitchJournals
from tee_infra.core.cutover.preflight import Condition, conditions, require
from tee_infra.core.cutover.preflight_facts import PreflightFacts
from tee_infra.core.cutover.rehearsal import expected_window
from tee_infra.core.cutover.slots import ROLLBACK_FOR, generation, tables_of
from tee_infra.core.cutover.switching import Bounds, Outcome, resume, switch
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.measure import ReplicationFacts, control_latency, measure
from tee_infra.workflows.cutover.replication import Replication, read_journals, read_position
from tee_infra.workflows.cutover.switch_runner import Forward, SwitchRunner, carry_out
from tee_infra.workflows.cutover.tail_position import TailPosition
from tee_infra.workflows.cutover.takeover import taken_over, wait_until_following

CATCH_UP_SECONDS: Final = 120.0


class UnreadableSwitchError(RefusedError):
    """The journal of the last switch cannot be read, so it is unknown whether it has ended."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}. Nothing was changed",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


class NoRollbackError(RefusedError):
    """There is no switch to take back, or its time is over."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: no rollback: {reason}. Nothing was changed",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


@dataclass(frozen=True, kw_only=True)
class PreparedSwitch:
    """A switch that may begin if all `conditions` hold. `expected_window`: seconds; None while one does not.

    `position` is where the way back begins, as text.
    """

    context: CutoverContext
    facts: PreflightFacts
    conditions: list[Condition]
    lock: LockHandle
    replication: Replication
    expected_window: float | None = None
    position: str = ""

    def run(self) -> Outcome:
        """Switch. Raises `PreflightError`, `SwitchAbortedError` with the old slot open, and as `switch` does."""
        context, facts = self.context, self.facts
        require(facts)
        journals = context.journals()
        last = _last(context, journals)
        with recorded(context.history, context.actor, facts.environment, f"switch to {facts.target}") as details:
            steps = switch(facts.environment, facts.source, facts.target, last.journal.version if last else 0, Bounds())
            runner = _runner(
                context,
                journals,
                self.lock,
                (facts.source, facts.target),
                forward=self.replication,
                position=self.position,
            )
            outcome = carry_out(steps, runner)
            details.append(f"epoch {outcome.epoch}, writes held for {outcome.window_seconds} s")
        return outcome


@contextmanager
def prepared_switch(
    context: CutoverContext, source: str, target: str, purpose: str, *, loss_accepted: bool
) -> Generator[PreparedSwitch]:
    """Take the replication over and measure every condition. Nothing of the switch itself is written.

    Raises `LockedError`, `NotHandedOverError`, `NoTableError`, and as `measure` does.
    """
    with (
        locked(context.locks, context.switch_lock, context.actor, purpose) as lock,
        taken_over(context, source, target, purpose) as replication,
    ):
        observed, drain_seconds = _observe(context, replication)
        facts = measure(context, source, target, observed, loss_accepted=loss_accepted)
        prepared = PreparedSwitch(
            context=context, facts=facts, conditions=conditions(facts), lock=lock, replication=replication
        )
        if all(condition.holds for condition in prepared.conditions):
            prepared = replace(
                prepared,
                expected_window=expected_window(control_latency(context.pointers), drain_seconds, Bounds()),
                position=_way_back(context, facts),
            )
        yield prepared


def end_unfinished(context: CutoverContext, purpose: str) -> tuple[str, Outcome] | None:
    """Finish a switch that has flipped, abort any other: its target and its outcome. None if none is unfinished.

    Raises `LockedError` while its operator runs, `PointerMovedError`, `UnreadableSwitchError`.
    """
    last = _last(context, context.journals())
    if last is None or last.journal.ended:
        return None
    with locked(context.locks, context.switch_lock, context.actor, purpose) as lock:
        journals = context.journals()
        last = _last(context, journals)
        if last is None or last.journal.ended:
            return None
        journal = last.journal
        with recorded(context.history, context.actor, context.environment, f"resume switch to {journal.target}"):
            runner = _runner(context, journals, lock, (journal.source, journal.target))
            outcome = carry_out(resume(journal), runner)
    context.report(f"ended the unfinished switch from {journal.source} to {journal.target}: {outcome.slot} is open")
    return journal.target, outcome


def way_back(context: CutoverContext) -> tuple[str, str]:
    """Source and target of a rollback: from the open slot to the older one before the last switch.

    Raises `NoRollbackError`, `UnreadableSwitchError`.
    """
    pointer, now = context.pointers.read()
    if isinstance(pointer, Unreadable):
        raise UnreadableSwitchError(context.environment, pointer.reason)
    last = _last(context, context.journals())
    if last is None or last.journal.step != "finished" or last.journal.target != pointer.slot:
        raise NoRollbackError(context.environment, f"{pointer.slot} was not opened by the last switch")
    source, target = last.journal.target, last.journal.source
    if generation(target) > generation(source):
        raise NoRollbackError(context.environment, f"the last switch was the one back to {source}")
    if now - last.written_at > ROLLBACK_FOR:
        raise NoRollbackError(
            context.environment, f"the time for it ended at {render_time(last.written_at + ROLLBACK_FOR)}"
        )
    return source, target


def _last(context: CutoverContext, journals: SwitchJournals) -> StoredJournal | None:
    found = journals.read()
    if isinstance(found, Unreadable):
        raise UnreadableSwitchError(context.environment, found.reason)
    return found


def _observe(context: CutoverContext, replication: Replication) -> tuple[ReplicationFacts, float]:
    """What the replication says once it has caught up, and how many seconds a drain and a comparison take.

    One that has not copied everything is not started: a switch does not copy.
    """
    journals = read_journals(context.items, replication.ends)
    if not all(journal.progress.barrier and journal.verified_at for journal in journals.values()):
        return ReplicationFacts(has_inverse=True), 0.0
    context.report("catching up, and comparing the keys that changed since the last complete comparison")
    replication.start(since_verified=True)
    began = time.monotonic()
    caught_up = wait_until_following(replication, CATCH_UP_SECONDS)
    clean = caught_up and not replication.compare_dirtied().differences
    lag_began = time.monotonic()
    caught_up = caught_up and replication.drain(CATCH_UP_SECONDS)
    lag = time.monotonic() - (lag_began if caught_up else began)
    clean = clean and not replication.compare_dirtied().differences
    verified = {table: at for table, at in replication.verified_at().items() if at is not None}
    facts = ReplicationFacts(
        lag_seconds=dict.fromkeys(verified, lag),
        verified_at=verified if clean else {},
        quarantined=replication.quarantined(),
        has_inverse=True,
    )
    return facts, time.monotonic() - lag_began


def _way_back(context: CutoverContext, facts: PreflightFacts) -> str:
    """Where the new slot's streams end before the app writes to it. An earlier position is as correct."""
    shards = read_position(context.ends(facts.target, facts.source))
    return TailPosition(shards=shards, verified_at=min(facts.verified_at.values())).as_text()


def _runner(
    context: CutoverContext,
    journals: SwitchJournals,
    lock: LockHandle,
    slots: tuple[str, str],
    *,
    forward: Forward | None = None,
    position: str = "",
) -> SwitchRunner:
    source, target = slots
    return SwitchRunner(
        pointers=context.pointers,
        journals=journals,
        tail=context.tail,
        source=source,
        target=target,
        forward=forward,
        tip=lambda: position,
        probe=lambda: all(context.is_writable(table) for table in tables_of(target).values()),
        check=lock.check,
    )
