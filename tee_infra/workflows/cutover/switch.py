"""A switch from one slot to another: its conditions, its rehearsal, and the run itself; a rollback is one too.

The lock of the switch makes other replications of the environment hand over. Held are then this lock and that of the
replication into the new slot, until the block ends; a tail continues once both are free.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tee_infra.core.cutover.preflight import Condition, conditions, require
from tee_infra.core.cutover.preflight_facts import PreflightFacts
from tee_infra.core.cutover.rehearsal import expected_window
from tee_infra.core.cutover.slots import existing_slots, tables_of
from tee_infra.core.cutover.switching import Bounds, Outcome, switch
from tee_infra.core.names import LEGACY
from tee_infra.errors import UsageError
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.earlier_switch import last_switch
from tee_infra.workflows.cutover.measure import ReplicationFacts, control_latency, measure
from tee_infra.workflows.cutover.replication import Replication, read_journals, read_position
from tee_infra.workflows.cutover.switch_runner import Forward, carry_out, runner_for
from tee_infra.workflows.cutover.tail_position import TailPosition
from tee_infra.workflows.cutover.takeover import taken_over, wait_until_following
from tee_infra.workflows.cutover.transform import LoadedTransform, reversed_name

CATCH_UP_SECONDS: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class PreparedSwitch:
    """A switch that may begin if all `conditions` hold. `expected_window`: seconds; None while one does not.

    `position` is where the way back begins, as text.
    """

    context: CutoverContext
    facts: PreflightFacts
    conditions: list[Condition]
    lock: LockHandle
    forward: Forward
    expected_window: float | None = None
    position: str = ""

    def run(self) -> Outcome:
        """Switch. Raises `PreflightError`, `SwitchAbortedError` with the old slot open, and as `switch` does."""
        context, facts = self.context, self.facts
        require(facts, self.conditions)
        journals = context.journals()
        last = last_switch(context, journals)
        with recorded(context.history, context.actor, facts.environment, f"switch to {facts.target}") as details:
            steps = switch(facts.environment, facts.source, facts.target, last.journal.version if last else 0, Bounds())
            runner = runner_for(
                context,
                journals,
                self.lock,
                (facts.source, facts.target),
                forward=self.forward,
                position=self.position,
            )
            outcome = carry_out(steps, runner)
            details.append(f"epoch {outcome.epoch}, writes held for {outcome.window_seconds} s")
        return outcome


@contextmanager
def prepared_switch(
    context: CutoverContext,
    source: str,
    target: str,
    purpose: str,
    *,
    loss_accepted: bool,
    transform: LoadedTransform | None = None,
) -> Generator[PreparedSwitch]:
    """Take the replication over and measure every condition. Nothing of the switch itself is written.

    `transform` is the replication's own. Raises `UsageError`, `LockedError`, `NotHandedOverError`, and as `measure`
    does.
    """
    _require_tables(context, source, target)
    with (
        locked(context.locks, context.switch_lock, context.actor, purpose) as lock,
        taken_over(context, source, target, purpose, transform) as replication,
    ):
        has_inverse = transform is None or transform.inverse is not None
        observed, drain_seconds = _observe(context, replication, has_inverse=has_inverse)
        facts = measure(context, source, target, observed, loss_accepted=loss_accepted)
        prepared = PreparedSwitch(
            context=context, facts=facts, conditions=conditions(facts), lock=lock, forward=replication
        )
        if all(condition.holds for condition in prepared.conditions):
            prepared = replace(
                prepared,
                expected_window=expected_window(control_latency(context.pointers), drain_seconds, Bounds()),
                position=_way_back(context, facts, reversed_name(transform.name) if transform else ""),
            )
        yield prepared


def _require_tables(context: CutoverContext, *slots: str) -> None:
    existing = existing_slots(context.environment, context.reader.names())
    for slot in slots:
        missing = sorted(tables_of(slot).keys() - existing.get(slot, {}).keys())
        if missing:
            create = None if slot == LEGACY else f"Create it: tee-infra up {slot}"
            raise UsageError(f"{slot}: it has no table {', '.join(missing)}. Nothing was changed", next=create)


def _observe(context: CutoverContext, replication: Replication, *, has_inverse: bool) -> tuple[ReplicationFacts, float]:
    """What the replication says once it has caught up, and how many seconds a drain and a comparison take.

    One that has not copied everything is not started: a switch does not copy.
    """
    journals = read_journals(context.items, replication.ends)
    different = {table: journal.different for table, journal in journals.items() if journal.different}
    if not all(journal.progress.barrier and journal.verified_at for journal in journals.values()):
        return ReplicationFacts(has_inverse=has_inverse, different=different), 0.0
    context.report("catching up, and comparing the keys that changed since the last complete comparison")
    replication.start(since_verified=True)
    began = time.monotonic()
    caught_up = wait_until_following(replication, CATCH_UP_SECONDS)
    clean = caught_up and not replication.compare_dirtied().differences
    drain_began = time.monotonic()
    caught_up = caught_up and replication.drain(CATCH_UP_SECONDS)
    clean = clean and not replication.compare_dirtied().differences
    lag = time.monotonic() - (drain_began if caught_up else began)
    verified = {table: at for table, at in replication.verified_at().items() if at is not None}
    facts = ReplicationFacts(
        lag_seconds=dict.fromkeys(verified, lag),
        verified_at=verified if clean else {},
        quarantined=replication.quarantined(),
        has_inverse=has_inverse,
    )
    return facts, lag


def _way_back(context: CutoverContext, facts: PreflightFacts, transform: str) -> str:
    """Where the new slot's streams end before the app writes to it. An earlier position is as correct."""
    shards = read_position(context.ends(facts.target, facts.source))
    verified_at = min(facts.verified_at.values())
    return TailPosition(shards=shards, verified_at=verified_at, transform=transform).as_text()
