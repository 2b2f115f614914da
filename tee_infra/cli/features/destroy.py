"""`tee-infra feature destroy`."""

from datetime import datetime, timedelta
from typing import Any

import click

from tee_infra.cli.default_environment import feature_or_default, optional_feature
from tee_infra.cli.features.report import open_context
from tee_infra.cli.options import (
    BranchName,
    dry_run_option,
    json_option,
    local_option,
    now_option,
    yes_option,
)
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers, run_json, run_lines
from tee_infra.cli.results import ChangeFacts, IgnoredFacts, ResultModel, TableNames, Time
from tee_infra.core.changes.engine_run import Operation
from tee_infra.core.environments import FEATURE_HOST, Environment
from tee_infra.core.lifecycle.destroy_transitions import shortened
from tee_infra.core.lifecycle.lease import MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import FeatureRecord, State
from tee_infra.core.times import parse_duration, render_left, render_time
from tee_infra.errors import UsageError
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.records import UnregisteredError, change_record, require_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import Destroyed, destroy_feature
from tee_infra.workflows.features.plan_destroy import DestroyPlan, plan_destroy, record_of_branch, require_destroyable


class DestroyedTable(TableNames):
    """A table that goes, with what it holds: as AWS counts, up to six hours old."""

    items: int
    size_bytes: int


class FeatureDestroyResult(ResultModel):
    """A feature environment, and what is or would be destroyed of it; null where there was nothing to plan.

    `state` is null for a branch that never had an environment. `sweep`: what no stack knows of and goes as well;
    `left`: what stays, and why. `deleted` resources and those `swept` are gone.
    """

    target: str
    environment: str
    branch: str
    state: State | None
    destroyed_at: Time | None
    expires_at: Time | None = None
    changes: list[ChangeFacts] | None = None
    ignored: list[IgnoredFacts] | None = None
    counts: dict[Operation, int] | None = None
    monthly_usd: float | None = None
    prices_as_of: str | None = None
    sweep: list[str] | None = None
    left: dict[str, str] | None = None
    tables: list[DestroyedTable] | None = None
    deleted: int | None = None
    swept: list[str] | None = None


@prints(FeatureDestroyResult)
@click.command()
@optional_feature
@click.option("--branch", type=BranchName(), metavar="BRANCH", help="Git branch of the environment, instead of ENV.")
@click.option(
    "--after", metavar="DURATION", help="Only shorten the lease, to end DURATION from now at the latest, e.g. 24h."
)
@local_option
@now_option
@yes_option
@dry_run_option
@json_option
def destroy(
    *,
    environment: Environment | None,
    branch: str | None,
    after: str | None,
    local: bool,
    now: datetime | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Destroy a feature environment.

    Deletes the stack, its data and its leftovers in AWS, and verifies that no resource is left. Resumes an interrupted
    run. With --after, only the lease is shortened: cleanup destroys the environment after it, unless a push to the
    branch renews the lease.
    """
    output = Output(as_json)
    cut = parse_duration(after, "--after", at_least=MIN_TTL, at_most=MAX_TTL) if after else None
    if environment is None and branch is None:
        if yes and cut is None and not dry_run:
            raise UsageError("--yes: no environment is destroyed by default without a question", next="Name it")
        environment = feature_or_default(None, local=local)
    name = _name(environment, branch)
    if cut is None and not dry_run:
        require_answers(output, yes=yes)
    context = open_context(output, name or FEATURE_HOST, local=local)
    moment = context.at(now)
    try:
        record = require_record(context.control, name) if name else record_of_branch(context, branch or "")
    except UnregisteredError as error:
        if branch is None:
            raise
        # A pipeline gets an event for every deleted branch, also for those that never had an environment.
        nothing = {"target": context.target.describe(), "environment": error.environment, "branch": branch}
        output.result(
            _result(nothing | {"state": None, "destroyed_at": None}),
            [f"{branch}: no environment, nothing to destroy"],
        )
        return
    if record.state == "destroyed":
        output.result(_result(_facts(context, record)), [_was_destroyed(record, moment)])
    elif cut is not None:
        _shorten(context, record, moment, cut, output, dry_run=dry_run)
    else:
        _destroy(context, record, moment, output, yes=yes, dry_run=dry_run)


def _name(environment: Environment | None, branch: str | None) -> str | None:
    """The environment's name where it is given; None: it is its branch's."""
    match environment, branch:
        case None, str():
            return None
        case Environment(), None if environment.is_feature:
            return environment.name
        case Environment(), None:
            name = environment.name
            raise UsageError(
                f"{name}: permanent environment; `feature destroy` handles feature environments only. "
                "Nothing was changed",
                next=f"To delete its resources: tee-infra down {name}",
            )
        case _:
            raise UsageError("feature destroy: takes one of ENV and --branch BRANCH")


def _shorten(
    context: FeatureContext, record: FeatureRecord, now: datetime, cut: timedelta, output: Output, *, dry_run: bool
) -> None:
    def shorten(latest: FeatureRecord) -> FeatureRecord:
        return shortened(latest, now + cut)

    after = shorten(record) if dry_run else change_record(context.control, record.environment, shorten)
    end = f"{render_time(after.expires_at)} ({render_left(after.expires_at, now)})"
    line = f"{after.environment}: the lease {'would end' if dry_run else 'ends'} {end}"
    if after.state in ("destroying", "quarantined"):
        line = f"{after.environment}: already being destroyed: {after.problem or 'an earlier run was interrupted'}"
    output.result(_result(_facts(context, after) | {"expires_at": after.expires_at}), [line])


def _destroy(
    context: FeatureContext, record: FeatureRecord, now: datetime, output: Output, *, yes: bool, dry_run: bool
) -> None:
    require_destroyable(context, record, now)
    plan = plan_destroy(context, record)
    if dry_run:
        output.result(_result(_facts(context, record) | _plan_facts(record.environment, plan)), _plan_lines(plan))
        return
    for line in _plan_lines(plan):
        output.say(line)
    confirm_by_name(
        output, record.environment, f"This deletes every resource of {record.environment}, including its data.", yes=yes
    )
    with locked(context.locks, record.environment, context.actor, "tee-infra feature destroy") as held:
        done = destroy_feature(context, record, now, held=held)
    ended = {"deleted": done.deleted, "swept": list(done.swept)}
    output.result(
        _result(_facts(context, done.record) | _plan_facts(record.environment, plan) | ended),
        [f"{record.environment}: destroyed, {done.deleted} resources deleted{_swept(done)}"],
    )


def _plan_lines(plan: DestroyPlan) -> list[str]:
    lines = run_lines(plan.changes) if plan.changes.changes else ["  no resources in the stack"]
    lines += [f"  - leftover {name}" for name in plan.swept]
    lines += [f"  ! blocked  {name}: {reason}" for name, reason in plan.left.items()]
    return lines + [f"  {table.name}: about {table.items:,} items" for table in plan.tables]


def _plan_facts(environment: str, plan: DestroyPlan) -> dict[str, Any]:
    tables = [
        DestroyedTable(
            table=table.name.removeprefix(f"{environment}-"),
            physical_name=table.name,
            items=table.items,
            size_bytes=table.size,
        )
        for table in plan.tables
    ]
    return run_json(plan.changes) | {"sweep": list(plan.swept), "left": plan.left, "tables": tables}


def _facts(context: FeatureContext, record: FeatureRecord) -> dict[str, Any]:
    return {
        "target": context.target.describe(),
        "environment": record.environment,
        "branch": record.branch,
        "state": record.state,
        "destroyed_at": record.destroyed_at,
    }


def _result(facts: dict[str, Any]) -> FeatureDestroyResult:
    return FeatureDestroyResult.model_validate(facts)


def _was_destroyed(record: FeatureRecord, now: datetime) -> str:
    if record.destroyed_at is None:
        return f"{record.environment}: already destroyed"
    when = f"{render_time(record.destroyed_at)}, {render_left(record.destroyed_at, now)}"
    return f"{record.environment}: already destroyed at {when}"


def _swept(done: Destroyed) -> str:
    return f", and {len(done.swept)} leftovers: {', '.join(done.swept)}" if done.swept else ""
