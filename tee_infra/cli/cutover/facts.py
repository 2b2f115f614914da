"""A replication for people and for scripts."""

from collections import Counter
from typing import Final, Literal

from tee_infra.cli.results import ResultModel, Time
from tee_infra.core.cutover.progress_report import Phase, Report, TableReport
from tee_infra.core.cutover.shadow_reads import ShadowReads
from tee_infra.core.unreadable import Unreadable

WarmingState = Literal["raising", "raised", "failed"]
ReplicationState = Literal["running", "paused", "stopped", "failed", "interrupted"]
PHASES: Final[tuple[Phase, ...]] = ("starting", "copying", "sweeping", "comparing", "following")
"""From the one that is furthest from the end."""


class ReplicatedTableFacts(ResultModel):
    """A table of a replication. `items` were written by the last run, `estimated_items` were in the source before.

    `lag_seconds`: how long a write to the source takes to be in the target, null while unknown. `different` items are
    of the last comparison, null without one; `repaired` ones differed and were copied again.
    `broken_references`: items of the target that name one of another table that only the source has;
    `dangling_references`: one that is missing in both. `verified_at`: when the
    last complete comparison without a difference began. `throttles`: what was throttled -> how often. `unanswered`
    requests were sent again. `warming`: where the increase of the target's warm throughput is, null without one, and
    `warming_problem` why it failed.
    """

    table: str
    phase: Phase
    estimated_items: int
    items: int
    lag_seconds: float | None
    quarantined: int
    different: int | None
    repaired: int
    broken_references: int
    dangling_references: int
    throttled: int
    throttles: dict[str, int]
    unanswered: int
    verified_at: Time | None
    warming: WarmingState | None
    warming_problem: str | None


class ShadowTableFacts(ResultModel):
    """`reads` were compared; `mismatches` of them differed, also after replication; `failed` ones had no answer."""

    reads: int
    mismatches: int
    failed: int


class ShadowFacts(ResultModel):
    """Reads that the app repeated in the target within a day, since the last comparison, by table.

    `p50_ratio` and `p99_ratio`: the target's latency by the source's. `still_sent`: whether there were some in the last
    20 minutes. `problem`: why the counts cannot be read.
    """

    tables: dict[str, ShadowTableFacts]
    p50_ratio: float | None
    p99_ratio: float | None
    still_sent: bool
    problem: str | None


def shadow_facts(shadow: ShadowReads | Unreadable) -> ShadowFacts:
    """Shadow reads for scripts."""
    if isinstance(shadow, Unreadable):
        return ShadowFacts(tables={}, p50_ratio=None, p99_ratio=None, still_sent=False, problem=shadow.reason)
    return ShadowFacts(
        tables={name: ShadowTableFacts(**vars(counts)) for name, counts in shadow.tables.items()},
        p50_ratio=shadow.p50_ratio,
        p99_ratio=shadow.p99_ratio,
        still_sent=shadow.still_sent,
        problem=None,
    )


def shadow_line(shadow: ShadowReads | Unreadable) -> str:
    """Shadow reads for people."""
    if isinstance(shadow, Unreadable):
        return f"shadow reads: {shadow.reason}"
    total = shadow.total
    parts = [f"{total.reads:,} compared", f"{total.mismatches:,} differ"]
    parts += [
        f"{counts.mismatches:,} of {counts.reads:,} in {name}"
        for name, counts in shadow.tables.items()
        if counts.mismatches
    ]
    if total.failed:
        parts.append(f"{total.failed:,} failed")
    for name, ratio in (("p50", shadow.p50_ratio), ("p99", shadow.p99_ratio)):
        if ratio is not None:
            parts.append(f"{name} is {ratio:.2f} of the source's")
    if not shadow.still_sent:
        parts.append("none in the last 20 minutes")
    return f"shadow reads: {', '.join(parts)}"


def table_facts(name: str, table: TableReport) -> ReplicatedTableFacts:
    """A table for scripts."""
    known = table.model_dump(exclude={"lag_milliseconds", "warming"})
    lag = None if table.lag_milliseconds is None else table.lag_milliseconds / 1000
    state, problem = (table.warming.state, table.warming.problem) if table.warming else (None, None)
    return ReplicatedTableFacts(table=name, lag_seconds=lag, warming=state, warming_problem=problem, **known)


def table_lines(report: Report) -> list[str]:
    """A line for each table: phase, items, lag, quarantine, differences and throttles."""
    return [table_line(name, table) for name, table in report.tables.items()]


def progress_line(report: Report) -> str:
    """All tables in one line, which a terminal rewrites: the phase and the lag of the one that is furthest behind."""
    tables = report.tables.values()
    behind = min(tables, key=lambda table: PHASES.index(table.phase), default=None)
    lags = [table.lag_milliseconds for table in tables]
    lag = None if None in lags else max((lag for lag in lags if lag is not None), default=None)
    differences = [table.different for table in tables if table.different is not None]
    throttles: Counter[str] = sum((Counter(table.throttles) for table in tables), Counter())
    whole = TableReport(
        phase=behind.phase if behind else "starting",
        estimated_items=sum(table.estimated_items for table in tables),
        items=sum(table.items for table in tables),
        lag_milliseconds=lag,
        quarantined=sum(table.quarantined for table in tables),
        different=sum(differences) if len(differences) == len(lags) else None,
        repaired=sum(table.repaired for table in tables),
        broken_references=sum(table.broken_references for table in tables),
        dangling_references=sum(table.dangling_references for table in tables),
        throttled=sum(table.throttled for table in tables),
        throttles=dict(throttles),
        unanswered=sum(table.unanswered for table in tables),
    )
    return table_line("paused" if report.paused else f"{report.source} -> {report.target}", whole)


_WARMING: Final = {
    "raising": "warm throughput is being raised",
    "raised": "warm throughput raised",
    "failed": "warm throughput not raised",
}


def table_line(name: str, table: TableReport) -> str:
    """A table for people."""
    parts = [table.phase, f"{table.items:,} items"]
    if table.phase == "copying" and table.estimated_items:
        parts[-1] = f"{table.items:,} of about {table.estimated_items:,} items"
    parts.append("lag unknown" if table.lag_milliseconds is None else f"lag {table.lag_milliseconds / 1000:,.1f} s")
    parts.append(f"{table.quarantined:,} in quarantine")
    parts.append("not compared yet" if table.different is None else f"{table.different:,} different")
    if table.repaired:
        parts.append(f"{table.repaired:,} repaired")
    if table.broken_references:
        parts.append(f"{table.broken_references:,} broken references")
    if table.dangling_references:
        parts.append(f"{table.dangling_references:,} references dangle in both")
    if table.throttled:
        most = max(table.throttles, key=lambda what: table.throttles[what], default="")
        parts.append(f"{table.throttled:,} throttled (most often {most})")
    if table.unanswered:
        parts.append(f"{table.unanswered:,} without an answer")
    if table.warming is not None:
        parts.append(_WARMING[table.warming.state])
        parts[-1] += f": {table.warming.problem}" if table.warming.problem else ""
    return f"{name}: {', '.join(parts)}"
