"""What is known of replications, from the control table alone."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.core import names
from tee_infra.core.cutover.progress_report import Report, read_report
from tee_infra.core.cutover.shadow_reads import ShadowReads
from tee_infra.core.cutover.slots import is_slot
from tee_infra.core.environments import Environment
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.cutover.replication import lock_name
from tee_infra.workflows.cutover.shadow_reads import count_shadow_reads

State: TypeAlias = Literal["running", "paused", "stopped", "failed", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class ReplicationStatus:
    """A replication. `state` is `interrupted` for one that has ended without telling, as after a crash.

    Without a `report`, `problem` says why it cannot be read. `shadow`: reads of the app that were repeated in the
    target, since its last comparison.
    """

    source: str
    target: str
    state: State | None
    report: Report | None
    problem: str | None
    shadow: ShadowReads | Unreadable | None = None


def read_status(control: ControlItems, environment: Environment) -> list[ReplicationStatus]:
    """Every replication from or to a slot of the environment. Raises as `ControlItems` does."""
    items, _ = control.collection(names.REPORTS)
    found = [_status(item["sk"], read_report(item)) for item in items if concerns(item["sk"], environment)]
    locks = held_locks(Locks(control)) if any(each.state in ("running", "paused") for each in found) else {}
    return [
        replace(_as_held(each, held=lock_name(each.target) in locks), shadow=_shadow(control, each)) for each in found
    ]


def present_lags(control: ControlItems, environment: Environment) -> dict[tuple[str, str], float]:
    """Source and target -> seconds by which the slowest table is behind, of the replications that run.

    Without those of which a table's lag is unknown. Raises as `ControlItems` does.
    """
    lags: dict[tuple[str, str], float] = {}
    for each in read_status(control, environment):
        known = [table.lag_milliseconds for table in each.report.tables.values()] if each.report else []
        if each.state == "running" and known and None not in known:
            lags[each.source, each.target] = max(lag for lag in known if lag is not None) / 1000
    return lags


def concerns(sort_key: str, environment: Environment) -> bool:
    """Whether a replication is from or to a slot of the environment."""
    has_slots = environment.name == names.PRODUCTION
    return any(name == environment.name or (has_slots and is_slot(name)) for name in sort_key.split("#"))


def _status(sort_key: str, report: Report | Unreadable) -> ReplicationStatus:
    source, _, target = sort_key.partition("#")
    if isinstance(report, Unreadable):
        return ReplicationStatus(source=source, target=target, state=None, report=None, problem=report.reason)
    ended: State = "failed" if report.problem else "stopped"
    working: State = "paused" if report.paused else "running"
    return ReplicationStatus(
        source=source,
        target=target,
        state=working if report.running else ended,
        report=report,
        problem=report.problem,
    )


def _shadow(control: ControlItems, found: ReplicationStatus) -> ShadowReads | Unreadable | None:
    tables = found.report.tables.values() if found.report else ()
    return count_shadow_reads(control, found.target, [table.verified_at for table in tables])


def _as_held(found: ReplicationStatus, *, held: bool) -> ReplicationStatus:
    if held or found.state not in ("running", "paused"):
        return found
    return replace(found, state="interrupted")
