"""`tee-infra feature destroy`."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from tee_infra.cli.options import (
    EnvironmentName,
    dry_run_option,
    json_option,
    local_option,
    now_option,
    yes_option,
)
from tee_infra.cli.output import Output, confirm_by_name, plan_json, plan_lines
from tee_infra.core.environments import Environment
from tee_infra.core.lifecycle.destroy_transitions import shortened
from tee_infra.core.lifecycle.lease import MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import parse_duration, render_left, render_time
from tee_infra.errors import UsageError
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.records import UnregisteredError, change_record, require_record
from tee_infra.workflows.features.context import FeatureContext, open_feature_context
from tee_infra.workflows.features.destroy import Destroyed, destroy_feature
from tee_infra.workflows.features.plan_destroy import DestroyPlan, plan_destroy, record_of_branch, require_destroyable
from tee_infra.workflows.session.checkout import find_project


@click.command()
@click.argument("environment", type=EnvironmentName(), metavar="ENV", required=False)
@click.option("--branch", metavar="B", help="The environment of this git branch, instead of its name.")
@click.option("--after", metavar="DURATION", help="Destroy nothing: let the lease end this soon, as in 24h.")
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

    Its data goes with it. Afterwards AWS is asked whether it is gone, and what a killed run leaves, the next one
    finishes. With --after the lease is only cut short, and cleanup destroys it then, unless somebody uses the branch.
    """
    output = Output(as_json)
    cut = parse_duration(after, "--after", at_least=MIN_TTL, at_most=MAX_TTL) if after else None
    context = open_feature_context(find_project(Path.cwd()), output.say, local=local)
    moment = context.at(now)
    try:
        record = _record(context, environment, branch)
    except UnregisteredError as error:
        if branch is None:
            raise
        # A pipeline hears of every branch's end, also of those that never got an environment.
        output.result(
            _nothing(context, error.environment, branch), [f"{branch} has no environment: nothing to destroy"]
        )
        return
    if record.state == "destroyed":
        output.result(_facts(context, record), [_was_destroyed(record, moment)])
    elif cut is not None:
        _shorten(context, record, moment, cut, output, dry_run=dry_run)
    else:
        _destroy(context, record, moment, output, yes=yes, dry_run=dry_run)


def _record(context: FeatureContext, environment: Environment | None, branch: str | None) -> FeatureRecord:
    match environment, branch:
        case None, str():
            return record_of_branch(context, branch)
        case Environment(), None if environment.is_feature:
            return require_record(context.control, environment.name)
        case Environment(), None:
            name = environment.name
            raise UsageError(f"{name} is no feature environment", next=f"To take it down: tee-infra down {name}")
        case _:
            raise UsageError("say which environment: its name, or its branch with --branch, and not both")


def _shorten(
    context: FeatureContext, record: FeatureRecord, now: datetime, cut: timedelta, output: Output, *, dry_run: bool
) -> None:
    def shorten(latest: FeatureRecord) -> FeatureRecord:
        return shortened(latest, now + cut)

    after = shorten(record) if dry_run else change_record(context.control, record.environment, shorten)
    end = f"{render_time(after.expires_at)} ({render_left(after.expires_at, now)})"
    line = f"the lease of {after.environment} {'would end' if dry_run else 'ends'} at {end}"
    if after.state in ("destroying", "quarantined"):
        line = f"{after.environment} is on its way out already: {after.problem or 'its destroy was begun'}"
    output.result(_facts(context, after) | {"expires_at": render_time(after.expires_at)}, [line])


def _destroy(
    context: FeatureContext, record: FeatureRecord, now: datetime, output: Output, *, yes: bool, dry_run: bool
) -> None:
    require_destroyable(context, record, now)
    plan = plan_destroy(context, record)
    if dry_run:
        output.result(_facts(context, record) | _plan_facts(plan), _plan_lines(plan))
        return
    for line in _plan_lines(plan):
        output.say(line)
    confirm_by_name(output, record.environment, "This deletes all of it, data included.", yes=yes)
    with locked(context.locks, record.environment, context.actor, "tee-infra feature destroy") as held:
        done = destroy_feature(context, record, now, held=held)
    output.result(
        _facts(context, done.record) | _plan_facts(plan) | {"deleted": done.deleted, "swept": done.swept},
        [f"{record.environment} is gone: {done.deleted} resources deleted{_swept(done)}"],
    )


def _plan_lines(plan: DestroyPlan) -> list[str]:
    lines = plan_lines(plan.changes) if plan.changes.changes else ["  no stack knows of anything to delete"]
    lines += [f"  - sweep    {name}" for name in plan.swept]
    lines += [f"  ! left     {name}: {reason}" for name, reason in plan.left.items()]
    return lines + [f"  {table.name} holds about {table.items:,} items" for table in plan.tables]


def _plan_facts(plan: DestroyPlan) -> dict[str, Any]:
    tables = [{"name": table.name, "items": table.items, "bytes": table.size} for table in plan.tables]
    return plan_json(plan.changes) | {"sweep": list(plan.swept), "left": plan.left, "tables": tables}


def _facts(context: FeatureContext, record: FeatureRecord) -> dict[str, Any]:
    return {
        "target": context.target.describe(),
        "environment": record.environment,
        "branch": record.branch,
        "state": record.state,
        "destroyed_at": render_time(record.destroyed_at) if record.destroyed_at else None,
    }


def _nothing(context: FeatureContext, environment: str, branch: str) -> dict[str, Any]:
    facts = {"target": context.target.describe(), "environment": environment, "branch": branch}
    return facts | {"state": None, "destroyed_at": None}


def _was_destroyed(record: FeatureRecord, now: datetime) -> str:
    if record.destroyed_at is None:
        return f"{record.environment} was destroyed already"
    when = f"{render_time(record.destroyed_at)}, {render_left(record.destroyed_at, now)}"
    return f"{record.environment} was destroyed already, at {when}"


def _swept(done: Destroyed) -> str:
    return f", and {len(done.swept)} that the stack had left behind: {', '.join(done.swept)}" if done.swept else ""
