"""The conditions of a switch, each with the command that satisfies it. What is unknown is not satisfied."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tee_infra.core.cutover.preflight_facts import PreflightFacts
from tee_infra.core.cutover.shadow_reads import ShadowReads
from tee_infra.core.times import render_duration
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError

MOST_LAG: Final = 2.0
"""Seconds. The drain takes about as long as the replication lags."""
VERIFIED_WITHIN: Final = timedelta(hours=24)
MOST_READERS: Final = 2
"""Of a shard: with more, DynamoDB Streams may throttle (its documentation, Reading and processing a stream)."""
SHADOW_READS: Final = 1000
"""Without a difference, where clients send any."""
MOST_P99_RATIO: Final = 1.1


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition: `problem` is empty if it holds, and `command` satisfies it."""

    name: str
    problem: str
    command: str

    @property
    def holds(self) -> bool:
        """Whether the switch may begin as far as this one is concerned."""
        return not self.problem

    @property
    def facts(self) -> dict[str, str]:
        """For the members of an error."""
        return {"name": self.name, "problem": self.problem, "command": self.command}

    def __str__(self) -> str:
        return f"{self.name}: {self.problem} ({self.command})"


class PreflightError(RefusedError):
    """A switch whose conditions do not all hold; `conditions` has name, problem and command of each that does not."""

    def __init__(self, facts: PreflightFacts, unmet: list[Condition]) -> None:
        self.environment = facts.environment
        self.conditions = [each.facts for each in unmet]
        listed = "; ".join(map(str, unmet))
        super().__init__(
            f"the switch from {facts.source} to {facts.target} cannot begin: {listed}. Nothing was changed, and "
            f"{facts.source} is open to writes",
            next="Satisfy each condition with its command, then run the same switch again",
        )


def require(facts: PreflightFacts, found: list[Condition]) -> None:
    """Raises `PreflightError` unless all of these conditions hold."""
    if unmet := [condition for condition in found if not condition.holds]:
        raise PreflightError(facts, unmet)


def conditions(facts: PreflightFacts) -> list[Condition]:
    """Every condition, in the order of a run."""
    migrate = f"tee-infra migrate --from {facts.source} --to {facts.target}"
    status, up = f"tee-infra migrate status {facts.environment}", f"tee-infra up {facts.target}"
    tail = f"tee-infra migrate tail {facts.environment}"
    # What differs in a slot that was open may be a write of an app: no command is named that could overwrite it.
    follow = tail if facts.leads_back else f"{migrate} --until-caught-up"
    rows = (
        ("tables", _tables(facts), status),
        ("pointer", _pointer(facts), f"tee-infra slots {facts.environment}"),
        (
            "no other switch",
            facts.unfinished or "",
            f"tee-infra switch --from {facts.source} --to {facts.target}",
        ),
        ("app's role", _reach(facts), f"tee-infra up {facts.environment}"),
        ("lag", _each(facts, facts.lag_seconds, _lag), follow),
        ("verified", _verified(facts), status if any(facts.different.values()) else follow),
        ("quarantine", _each(facts, facts.quarantined, _quarantined), status),
        ("reverse", _reverse(facts), tail),
        ("inverse", _inverse(facts), f"tee-infra switch --from {facts.source} --to {facts.target} --accept-loss"),
        ("point-in-time recovery", _each(facts, facts.point_in_time_recovery, _recovery), up),
        ("warm throughput", _warm(facts), migrate),
        ("stream readers", _each(facts, facts.stream_readers, _readers), status),
        ("same tables", _each(facts, facts.table_differences, _differences), up),
        ("shadow reads", _shadow(facts), follow if _mismatches(facts) else status),
    )
    return [Condition(name=name, problem=problem, command=command) for name, problem, command in rows]


def _each(facts: PreflightFacts, values: Mapping[str, Any], problem: Callable[[Any], str]) -> str:
    """The problems of all tables; a table without a value has the problem that it is unknown."""

    def problems() -> Iterator[str]:
        for table in facts.tables:
            found = problem(values[table]) if values.get(table) is not None else "unknown"
            if found:
                yield f"{table}: {found}"

    return ", ".join(problems())


def _tables(facts: PreflightFacts) -> str:
    """Without tables every other condition would hold."""
    return "" if facts.tables else "no table is switched"


def _pointer(facts: PreflightFacts) -> str:
    pointer = facts.pointer
    if isinstance(pointer, Unreadable):
        return pointer.reason
    if facts.source == facts.target:
        return f"{facts.source} is both source and target"
    if (pointer.state, pointer.slot) == ("ACTIVE", facts.source):
        return ""
    return f"it is {pointer.state} {pointer.slot} at epoch {pointer.epoch}"


def _reach(facts: PreflightFacts) -> str:
    """Otherwise the app would lose its rights by the switch, or by the rollback."""
    missing = [] if facts.reached is None else sorted({facts.source, facts.target} - facts.reached)
    return f"environment.slots in Pulumi.{facts.environment}.yaml has no {', '.join(missing)}" if missing else ""


def _lag(seconds: float) -> str:
    return "" if 0 <= seconds < MOST_LAG else f"{seconds:.1f} s behind; less than {MOST_LAG:.0f} s is wanted"


def _verified(facts: PreflightFacts) -> str:
    if different := [f"{table}: {items:,} items differ" for table, items in facts.different.items() if items]:
        return ", ".join(different)
    return _each(facts, facts.verified_at, lambda begun: _age(facts, begun))


def _age(facts: PreflightFacts, begun: Any) -> str:
    age = facts.now - begun
    if timedelta() <= age < VERIFIED_WITHIN:
        return ""
    ago = f"{render_duration(age)} ago" if age >= timedelta() else "in the future"
    return f"{ago}; within {render_duration(VERIFIED_WITHIN)} is wanted"


def _quarantined(items: int) -> str:
    return f"{items} items" if items else ""


def _reverse(facts: PreflightFacts) -> str:
    if facts.loss_accepted and not facts.has_inverse:
        return ""  # nothing can be replicated back
    return "" if facts.reverse_running else "the reverse replication does not run, or its role lacks access"


def _inverse(facts: PreflightFacts) -> str:
    if facts.has_inverse or facts.loss_accepted:
        return ""
    return "a transform has no inverse, so a rollback would lose the writes made after the switch"


def _recovery(is_on: bool) -> str:  # a value of a mapping
    return "" if is_on is True else "off"


def _warm(facts: PreflightFacts) -> str:
    """A new on-demand table starts with 4,000 writes and 12,000 reads a second, and throttles above them."""
    problems = [f"{table}: unknown" for table in facts.tables if table not in facts.warm_source]
    for name, wanted in facts.warm_source.items():
        warm = facts.warm_target.get(name)
        if warm is None:
            problems.append(f"{name}: unknown")
        elif not warm.covers(wanted):
            problems.append(
                f"{name}: {warm.reads} reads and {warm.writes} writes a second, less than {wanted.reads} and "
                f"{wanted.writes}"
            )
    return ", ".join(problems)


def _readers(readers: int) -> str:
    return "" if readers <= MOST_READERS else f"{readers} readers of a shard; {MOST_READERS} are allowed"


def _differences(fields: tuple[str, ...]) -> str:
    return " and ".join(fields)


def _mismatches(facts: PreflightFacts) -> int:
    """A comparison settles them: it finds and repairs the difference, or shows that there is none."""
    return facts.shadow.total.mismatches if isinstance(facts.shadow, ShadowReads) else 0


def _shadow(facts: PreflightFacts) -> str:
    """Applies where clients have sent any; those that have stopped need no more, but what differed then counts."""
    shadow = facts.shadow
    if shadow is None or isinstance(shadow, Unreadable):
        return shadow.reason if shadow else ""
    total = shadow.total
    if _mismatches(facts):
        where = " and ".join(table for table, counts in shadow.tables.items() if counts.mismatches)
        return f"{total.mismatches} of {total.reads} reads differ, in {where}"
    if not shadow.still_sent:
        return ""
    if total.reads < SHADOW_READS:
        failed = f", and {total.failed} failed" if total.failed else ""
        return f"{total.reads} of {SHADOW_READS} reads since the last comparison{failed}"
    if shadow.p99_ratio is None or not shadow.p99_ratio <= MOST_P99_RATIO:
        return f"p99 is {shadow.p99_ratio or 0:.2f} of the old slot's; {MOST_P99_RATIO} is allowed"
    return ""
