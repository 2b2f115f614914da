"""What a running replication tells of itself, for `migrate status`."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tee_infra.core.cutover.progress_report import Orders, Report, TableReport, Warming
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.workflows.cutover.replication import Replication
from tee_infra.workflows.cutover.table_replication import TableState


def present_report(
    replication: Replication,
    actor: Actor,
    orders: Orders,
    *,
    running: bool = True,
    problem: str | None = None,
    estimated: Mapping[str, int] | None = None,
    comparing: bool = False,
    warming: Mapping[str, Warming] | None = None,
) -> Report:
    """Where it is now. `estimated`: table -> items of the source before it began; `warming`: what is raised there."""
    return Report(
        source=replication.ends.source_name,
        target=replication.ends.target_name,
        holder=actor.describe(),
        at=datetime.now(UTC),
        running=running,
        percent=orders.percent,
        paused=orders.paused,
        problem=problem,
        tables={
            name: _table(state, (estimated or {}).get(name, 0), comparing=comparing, warming=(warming or {}).get(name))
            for name, state in replication.states().items()
        },
    )


def _table(state: TableState, estimated: int, *, comparing: bool, warming: Warming | None) -> TableReport:
    return TableReport(
        phase="comparing" if comparing and state.phase == "following" else state.phase,
        estimated_items=estimated,
        items=state.items,
        lag_milliseconds=None if state.lag_seconds is None else round(state.lag_seconds * 1000),
        quarantined=state.quarantined,
        different=state.different,
        repaired=state.repaired,
        broken_references=state.references.broken,
        dangling_references=state.references.dangling,
        throttled=state.throttled,
        throttles=state.throttles,
        unanswered=state.unanswered,
        verified_at=state.verified_at,
        warming=warming,
    )
