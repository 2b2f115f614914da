"""Measures the facts on which a switch may begin, from both slots' tables and from their replication."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tee_infra.aws.control_switch import Pointers, StoredJournal, SwitchJournals
from tee_infra.aws.control_tail import Readiness, TailItems
from tee_infra.aws.slot_tables import SlotTableReader
from tee_infra.core.cutover.preflight_facts import PreflightFacts, WarmThroughput
from tee_infra.core.cutover.same_tables import Observed, differences, says_warm_throughput, warm_throughput
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.shadow_reads import count_shadow_reads

TAIL_SILENCE: Final = timedelta(seconds=20)
"""A tail reports every few seconds; after a longer silence it counts as stopped."""
_PROBES: Final = 5


@dataclass(frozen=True, kw_only=True)
class ReplicationFacts:
    """What the replication from the source to the target says of each table. A table without an entry is unknown."""

    lag_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    verified_at: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    different: Mapping[str, int] = field(default_factory=dict[str, int])
    quarantined: Mapping[str, int] = field(default_factory=dict[str, int])
    has_inverse: bool = False


def measure(
    context: CutoverContext, source: str, target: str, replication: ReplicationFacts, *, loss_accepted: bool
) -> PreflightFacts:
    """The facts of a switch. Raises as the context's readers do."""
    reader = context.reader
    pointer, now = context.pointers.read()
    pairs = {
        table: (reader.observed(name), reader.observed(tables_of(target)[table]))
        for table, name in tables_of(source).items()
    }
    known = {table: (old, new) for table, (old, new) in pairs.items() if old is not None and new is not None}
    warm_source, warm_target = _warm(known)
    return PreflightFacts(
        environment=context.environment,
        source=source,
        target=target,
        now=now,
        tables=tuple(pairs),
        pointer=pointer,
        unfinished=_unfinished(context.journals()),
        lag_seconds=replication.lag_seconds,
        verified_at=replication.verified_at,
        different=replication.different,
        leads_back=context.journals().back(source, target) is not None,
        quarantined=replication.quarantined,
        has_inverse=replication.has_inverse,
        loss_accepted=loss_accepted,
        reached=context.reached,
        reverse_running=tail_runs(context.tail, source, target),
        point_in_time_recovery={table: new.recovery for table, (_, new) in known.items()},
        warm_source=warm_source,
        warm_target=warm_target,
        stream_readers={table: _readers(reader, old) for table, (old, _) in known.items()},
        table_differences={table: differences(old, new) for table, (old, new) in known.items()},
        shadow=count_shadow_reads(context.items, target, [replication.verified_at.get(table) for table in pairs]),
    )


def tail_runs(tail: TailItems, source: str, target: str) -> bool:
    """Whether a tail has said within `TAIL_SILENCE` that it could follow either of both slots."""
    said, now = tail.readiness()
    if not isinstance(said, Readiness):
        return False
    fresh = now - said.said_at <= TAIL_SILENCE
    return fresh and said.slots == frozenset((source, target)) and not said.problem


def control_latency(pointers: Pointers, clock: Callable[[], float] = time.monotonic) -> float:
    """Seconds of one request to the control table, the median of a few."""
    taken: list[float] = []
    for _ in range(_PROBES):
        began = clock()
        pointers.read()
        taken.append(clock() - began)
    return statistics.median(taken)


def _unfinished(journals: SwitchJournals) -> str | None:
    found = journals.read()
    if isinstance(found, StoredJournal) and not found.journal.ended:
        return f"the switch from {found.journal.source} to {found.journal.target} has not ended"
    return found.reason if isinstance(found, Unreadable) else None


def _warm(
    known: Mapping[str, tuple[Observed, Observed]],
) -> tuple[dict[str, WarmThroughput], dict[str, WarmThroughput]]:
    of_source: dict[str, WarmThroughput] = {}
    of_target: dict[str, WarmThroughput] = {}
    for table, (old, new) in known.items():
        said = says_warm_throughput(old.described, new.described)
        of_source |= warm_throughput(table, old.described, known=said)
        of_target |= warm_throughput(table, new.described, known=said)
    return of_source, of_target


def _readers(reader: SlotTableReader, table: Observed) -> int:
    """The replication, and Lambda's."""
    return 1 + reader.stream_readers(table.described.get("LatestStreamArn", ""))
