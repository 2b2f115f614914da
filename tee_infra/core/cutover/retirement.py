"""The conditions under which the tables of a slot may be deleted, each with the command that satisfies it.

What is unknown is not satisfied: a metric that cannot be read is not zero, and one that was never above zero is not
known to be of this table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.preflight import Condition
from tee_infra.core.cutover.slots import ROLLBACK_FOR
from tee_infra.core.cutover.switch_steps import Journal
from tee_infra.core.times import render_duration, render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError

T = TypeVar("T")

IDLE_FOR: Final = timedelta(days=7)
"""Default. A week has every weekday's jobs."""


@dataclass(frozen=True, kw_only=True)
class LastSwitch:
    """The journal of the last switch of an environment, and when its present step began, by AWS's clock."""

    journal: Journal
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """Until when capacity of a table or an index was consumed; None: never, as far as CloudWatch remembers."""

    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class FinalBackup:
    """The backup that is made before a deletion. `begun_at`: when a run of the command began to make it.

    `verified`: it was read completely after it was made. `released`: the tables have lost their protections since.
    """

    location: str
    begun_at: datetime
    verified: bool = False
    released: bool = False


@dataclass(frozen=True, kw_only=True)
class RetirementFacts:
    """What was measured of a slot. Mappings are by physical table name, `reads` and `writes` by `TABLE/INDEX` too."""

    environment: str
    slot: str
    command: str
    """The command that asks, e.g. `tee-infra archive prod`."""
    now: datetime
    """AWS's time."""
    idle_for: timedelta
    tables: tuple[str, ...]
    """Those that exist."""
    pointer: Pointer | Unreadable
    switch: LastSwitch | Unreadable | None
    replications: tuple[str, ...] = ()
    """Those that run from or to the slot, or may run."""
    different: Mapping[str, int] = field(default_factory=dict)
    """Items by which the slot differed from the open one at the last comparison, by the catalog's name of the table."""
    unmanaged: str = ""
    """Why the engine cannot delete the tables; empty if it can."""
    resurrected_by: str = ""
    """What would create the tables again, e.g. a stack file that still has them; empty: nothing."""
    reads: Mapping[str, Consumption | Unreadable] = field(default_factory=dict)
    writes: Mapping[str, Consumption | Unreadable] = field(default_factory=dict)
    records: Mapping[str, datetime | Unreadable | None] = field(default_factory=dict)
    """When the newest record of the stream was written, without those of expired items; None: there is none."""
    backup: FinalBackup | Unreadable | None = None
    """That of an earlier run of the command on the same tables, or a begun one."""
    output: str | None = None
    """Where this run would make one."""


class RetirementError(RefusedError):
    """Tables that may not be deleted yet; `conditions` has name, problem and command of each that does not hold."""

    def __init__(self, facts: RetirementFacts, unmet: list[Condition]) -> None:
        self.environment = facts.environment
        self.slot = facts.slot
        self.conditions = [each.facts for each in unmet]
        listed = "; ".join(map(str, unmet))
        super().__init__(
            f"the tables of {facts.slot} are kept: {listed}. Nothing was changed",
            next="Satisfy each condition with its command, then run the same command again",
        )


def require(facts: RetirementFacts) -> list[Condition]:
    """Every condition. Raises `RetirementError` unless all hold."""
    found = conditions(facts)
    if unmet := [condition for condition in found if not condition.holds]:
        raise RetirementError(facts, unmet)
    return found


def conditions(facts: RetirementFacts) -> list[Condition]:
    """Every condition, in the order in which a person satisfies them."""
    slots, again = f"tee-infra slots {facts.environment}", f"{facts.command} --dry-run"
    rows = (
        ("tables", _tables(facts), slots),
        ("managed", facts.unmanaged, _managing(facts)),
        ("pointer", _pointer(facts), slots),
        ("switch", _switch(facts), slots),
        ("rollback window", _window(facts), again),
        ("replication", ", ".join(facts.replications), f"tee-infra migrate status {facts.environment}"),
        ("comparison", _different(facts), f"tee-infra migrate status {facts.environment}"),
        ("reads", _consumed(facts, facts.reads) if _counts_reads(facts) else "", again),
        ("writes", _consumed(facts, facts.writes), again),
        ("stream", _each(facts, facts.records, lambda written: _record(facts, written)), again),
        ("stack file", facts.resurrected_by, f"set environment.archived: true in Pulumi.{facts.slot}.yaml"),
        ("final backup", _backup(facts), f"{facts.command} --output DIR"),
    )
    return [Condition(name=name, problem=problem, command=command) for name, problem, command in rows]


def _managing(facts: RetirementFacts) -> str:
    is_bare = facts.command.startswith("tee-infra legacy")
    return "tee-infra legacy adopt" if is_bare else f"tee-infra repair {facts.slot}"


def _tables(facts: RetirementFacts) -> str:
    """Without tables every other condition would hold."""
    released = isinstance(facts.backup, FinalBackup) and facts.backup.released
    return "" if facts.tables or released else f"{facts.slot} has no table of the catalog"


def _pointer(facts: RetirementFacts) -> str:
    pointer = facts.pointer
    if isinstance(pointer, Unreadable):
        return pointer.reason
    if pointer.slot == facts.slot:
        return f"{facts.slot} is open to the app's writes (epoch {pointer.epoch})"
    if not pointer.epoch:
        return f"no switch has opened {pointer.slot}, so the app may use {facts.slot}"
    return "" if pointer.state == "ACTIVE" else f"it is {pointer.state} {pointer.slot} at epoch {pointer.epoch}"


def _switch(facts: RetirementFacts) -> str:
    last = facts.switch
    if last is None:
        return "there was none"
    if isinstance(last, Unreadable):
        return last.reason
    journal = last.journal
    if not journal.ended:
        return f"the one from {journal.source} to {journal.target} has not ended ({journal.step})"
    # An aborted one leaves open what was open at its begin, since before its end.
    left_open = journal.target if journal.step == "finished" else journal.source
    opened = facts.pointer.slot if isinstance(facts.pointer, Pointer) else None
    return (
        "" if left_open == opened else f"the last one left {left_open} open, and the pointer names {opened or 'none'}"
    )


def _window(facts: RetirementFacts) -> str:
    if not isinstance(facts.switch, LastSwitch):
        return "unknown"
    age = facts.now - facts.switch.at
    if age > ROLLBACK_FOR:
        return ""
    return f"a rollback is possible until {render_time(facts.switch.at + ROLLBACK_FOR)}"


def _different(facts: RetirementFacts) -> str:
    """A write that went past the client is nowhere else."""
    return ", ".join(f"{table}: {items:,} items differ" for table, items in facts.different.items() if items)


def _counts_reads(facts: RetirementFacts) -> bool:
    """The final backup reads the tables itself: a run that resumes an interrupted one is not stopped by that."""
    begun = facts.backup
    if not isinstance(begun, FinalBackup):
        return True
    return not (begun.released or timedelta() <= facts.now - begun.begun_at < timedelta(days=1))


def _consumed(facts: RetirementFacts, known: Mapping[str, Consumption | Unreadable]) -> str:
    def problems() -> Iterator[str]:
        for name in dict.fromkeys((*facts.tables, *known)):
            if found := _busy(facts, known.get(name), index="/" in name):
                yield f"{name}: {found}"

    return ", ".join(problems())


def _busy(facts: RetirementFacts, known: Consumption | Unreadable | None, *, index: bool) -> str:
    if known is None:
        return "unknown"
    if isinstance(known, Unreadable):
        return known.reason
    if known.until is None:
        # An index may never have been used. A table was, by the migration: other metrics would never be zero either.
        return "" if index else "CloudWatch knows of none at any time, not even before the switch, so it is unknown"
    if facts.now - known.until >= facts.idle_for:
        return ""
    idle = render_duration(facts.idle_for)
    return f"capacity was consumed until {render_time(known.until)}; {idle} without are complete at " + render_time(
        known.until + facts.idle_for
    )


def _record(facts: RetirementFacts, written: datetime | Unreadable | None) -> str:
    if isinstance(written, Unreadable):
        return written.reason
    if written is None or facts.now - written >= facts.idle_for:
        return ""
    return f"written to at {render_time(written)}"


def _each(facts: RetirementFacts, known: Mapping[str, T], problem: Callable[[T], str]) -> str:
    def problems() -> Iterator[str]:
        for table in facts.tables:
            found = problem(known[table]) if table in known else "unknown"
            if found:
                yield f"{table}: {found}"

    return ", ".join(problems())


def _backup(facts: RetirementFacts) -> str:
    if isinstance(facts.backup, Unreadable):
        return facts.backup.reason
    known = facts.backup is not None and facts.backup.verified
    return "" if known or facts.output is not None else "no place for it is named"
