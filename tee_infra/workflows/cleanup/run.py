"""Clean up expired feature environments: take inventory, plan, and with `--execute` destroy one after the other."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from tee_infra.aws.control_table import RecordChangedError
from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.core.cleanup.decision import Policy, ReasonCode
from tee_infra.core.cleanup.inventory import Inventory
from tee_infra.core.cleanup.plan import CleanupPlan, Decision, LeaseWarning, plan_cleanup, unread_environments, warnings
from tee_infra.core.cost.environment import monthly_usd
from tee_infra.core.lifecycle.branch_activity import with_branch_news
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.destroy_transitions import marked
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.workflows.cleanup.inventory import gather_inventory, look_closer
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import destroy_feature
from tee_infra.workflows.features.usage import table_usage
from tee_infra.workflows.session.engine_locks import stack_locks

LOCK: Final = "cleanup"
"""The name of cleanup's lock in the control table. No environment has this name."""
_WRITTEN: Final = "another run changed its record after it was planned"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The inventory, the plan, warnings about leases that end soon, and the estimated monthly savings."""

    inventory: Inventory
    plan: CleanupPlan
    warnings: list[LeaseWarning]
    saved_usd: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of one decision to destroy. `kept`: the decision no longer held under the lock."""

    environment: str
    result: Literal["destroyed", "failed", "kept", "not-started"]
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class _Run:
    context: FeatureContext
    inventory: Inventory
    now: datetime
    policy: Policy


def plan(context: FeatureContext, branches: Branches | None, now: datetime, policy: Policy) -> Planned:
    """Take inventory and plan. Writes nothing. Raises as `gather_inventory` and `plan_cleanup` do."""
    inventory = gather_inventory(context, branches, now)
    while unclear := unread_environments(inventory, now, policy):
        inventory = look_closer(context, inventory, unclear)
    decided = plan_cleanup(inventory, now, policy)
    saved = _monthly_usd(context, _records(inventory), decided.destroys)
    return Planned(inventory=inventory, plan=decided, warnings=warnings(inventory, now, policy), saved_usd=saved)


def execute(
    context: FeatureContext,
    planned: Planned,
    now: datetime,
    policy: Policy,
    budget: timedelta,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[Result]:
    """Destroy the planned environments one after the other within `budget`; a failure does not stop the others.

    First records the observed branches, and marks the environments to destroy now or after the grace. Raises
    `LockedError` while another cleanup runs.
    """
    end = clock() + budget.total_seconds()
    run = _Run(context=context, inventory=planned.inventory, now=now, policy=policy)
    results: list[Result] = []
    with locked(context.locks, LOCK, context.actor, "tee-infra cleanup --execute") as held:
        noted = _note(context, planned, now)
        for decision in planned.plan.destroys:
            held.check()
            began = clock()
            if began >= end:
                detail = f"the time budget of {budget.total_seconds():.0f} s was used up"
                results.append(Result(environment=decision.environment, result="not-started", detail=detail))
                continue
            context.report(f"{decision.environment}: destroying")
            result = _clean(run, decision.environment, noted.get(decision.environment))
            results.append(replace(result, seconds=round(clock() - began, 1)))
            context.report(f"{result.environment}: {result.result}, {result.detail}")
    return results


def _note(context: FeatureContext, planned: Planned, now: datetime) -> dict[str, FeatureRecord]:
    """Write observations and marks. Returns the written records, without those that another run changed meanwhile."""
    ends = {
        decision.environment: decision.lease_end
        for decision in planned.plan.decisions
        if decision.action == "destroy" or decision.reason_code == ReasonCode.GRACE
    }
    noted: dict[str, FeatureRecord] = {}
    for name, record in _records(planned.inventory).items():
        after = with_branch_news(record, planned.inventory.branches, now)
        if end := ends.get(name):
            after = marked(after, end, now)
        try:
            noted[name] = context.control.write(after) if after != record else record
        except RecordChangedError:
            continue
    return noted


def _clean(run: _Run, name: str, record: FeatureRecord | None) -> Result:
    """Destroy one environment if the decision still holds under its lock; `record` is its marked record."""
    if record is None:
        return Result(environment=name, result="kept", detail=_WRITTEN)
    try:
        with locked(run.context.locks, name, run.context.actor, "tee-infra cleanup") as held:
            reason = _reason_to_keep(run, record)
            if reason is not None:
                return Result(environment=name, result="kept", detail=reason)
            done = destroy_feature(run.context, record, run.now, held=held)
    except (LockedError, RecordChangedError) as error:
        return Result(environment=name, result="kept", detail=str(error))
    except Exception as error:  # a failure must not keep the other expired environments alive
        return Result(environment=name, result="failed", detail=str(error) or type(error).__name__)
    swept = f", and leftovers {', '.join(done.swept)}" if done.swept else ""
    return Result(environment=name, result="destroyed", detail=f"{done.deleted} resources deleted{swept}")


def _reason_to_keep(run: _Run, record: FeatureRecord) -> str | None:
    """The reason to keep an environment, from its current record, state and stack locks. None: destroy it."""
    context, name = run.context, record.environment
    (planned,) = (found for found in run.inventory.entries if found.name == name)
    latest = context.control.record(name)
    locks = stack_locks(context.state, name, datetime.now(UTC), alone=context.target.embedded).values()
    fresh = replace(planned, record=latest, checkpoint=None, locked_by=None, stack_locks=tuple(locks))
    looked_at = look_closer(context, replace(run.inventory, entries=(fresh,)), [name])
    policy = replace(run.policy, max_destroys=1, limit_confirmed=True)
    for decision in plan_cleanup(looked_at, run.now, policy).decisions:
        if decision.action != "destroy":
            return decision.reason
    return None if latest == record else _WRITTEN


def _records(inventory: Inventory) -> dict[str, FeatureRecord]:
    """The records of this repository's environments."""
    records = (found.record for found in inventory.entries if isinstance(found.record, FeatureRecord))
    return {record.environment: record for record in records if record.repository == inventory.repository}


def _monthly_usd(context: FeatureContext, records: Mapping[str, FeatureRecord], going: Sequence[Decision]) -> float:
    """The monthly storage cost of the environments to destroy."""
    names = [decision.environment for decision in going]
    sizes = table_usage(open_dynamodb(context.connection), names)
    return sum(monthly_usd(context.settings(records[name]), sizes[name].size) for name in names)
