"""`tee-infra data reset`."""

import os
from contextlib import nullcontext

import click

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
from tee_infra.cli.data.copy_progress import CopyMeter
from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import open_both, roles_options
from tee_infra.cli.data.seed import DEFAULT_MEMBERS, DEFAULT_SEED
from tee_infra.cli.options import (
    EnvironmentName,
    dry_run_option,
    environment_argument,
    examples,
    json_option,
    local_option,
    yes_option,
)
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers, table
from tee_infra.cli.results import ResultModel, TableNames
from tee_infra.core.codec.subset import check_size
from tee_infra.core.data.copy_policy import TablePlan, copy_side
from tee_infra.core.environments import Environment
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.errors import UsageError
from tee_infra.workflows.control.records import require_live
from tee_infra.workflows.data.copy_table import CopyProgress
from tee_infra.workflows.environments.reset import (
    Reset,
    ResetPlan,
    Subset,
    Synthetic,
    plan_reset,
    plan_subset,
    require_resettable,
    run_reset,
)
from tee_infra.workflows.features.seed import FRACTION, MEMBERS, check_source, open_source, seed_number
from tee_infra.workflows.session.ends import End, open_end
from tee_infra.workflows.session.session import EnvironmentSession, Session


class ResetTableFacts(TableNames):
    """A table: its `items` before, as DescribeTable counts them. `deleted` and `written` are null with --dry-run."""

    items: int
    deleted: int | None
    written: int | None


class DataResetResult(ResultModel):
    """What was reset, or with --dry-run would be. `fill`: the new contents. `backed_up`: the old ones are kept.

    `backups`: the ARNs of the native backups that were made.
    """

    environment: str
    fill: str
    backed_up: bool
    backups: list[str]
    tables: list[ResetTableFacts]


@prints(DataResetResult)
@click.command(
    epilog=examples(
        "tee-infra data reset dev --dry-run",
        "tee-infra data reset feature-x",
        "tee-infra data reset dev --from prod --fraction 0.05",
    )
)
@environment_argument
@click.option(
    "--from", "source", type=EnvironmentName(), metavar="ENV", help="Fill it with an anonymized subset of ENV."
)
@click.option(
    "--fraction", type=float, metavar="FRACTION", help=f"Fraction of the members of --from. Default: {FRACTION}."
)
@click.option("--members", type=click.IntRange(1), metavar="N", help="Number of members, of --from or synthetic ones.")
@roles_options
@local_option
@dry_run_option
@yes_option
@json_option
def reset(
    *,
    environment: Environment,
    source: Environment | None,
    fraction: float | None,
    members: int | None,
    from_role: str | None,
    to_role: str | None,
    local: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete an environment's items and write its seed again.

    The seed is that of `feature create` or `data seed`; --from takes an anonymized subset instead. Never production.
    Where the environment has point-in-time recovery, a native backup of each table is made first. A second run
    finishes an interrupted one.
    """
    output = Output(as_json)
    _check(environment, source, fraction, members, from_role)
    if not dry_run:
        require_answers(output, yes=yes)
    if source is None:
        session = open_end(_end(environment, to_role), output, local=local)
        dynamodb = open_dynamodb(session.connection)
        fill: Synthetic | Subset = _seed(environment, _record(session), members)
    else:
        ends = copy_side(source.name), copy_side(environment.name)
        opened, session = open_both(ends, (from_role, to_role), output, local=local, endpoint_url=None)
        dynamodb = open_dynamodb(session.connection)
        taken = open_source(source, environment.name, opened.connection, os.environ, output.say)
        share = fraction if fraction is not None or members is not None else FRACTION
        fill = plan_subset(taken, dynamodb, ends[1], fraction=share, members=members)
    plan = plan_reset(dynamodb, copy_side(environment.name), environment, fill, backed_up=_keeps_backups(session))
    for line in _plan_lines(plan):
        output.say(line)
    if dry_run:
        output.result(_result(plan, None), [])
        return
    confirm_by_name(output, environment.name, f"This deletes all items of {environment.name}.", yes=yes)
    done = _run(output, dynamodb, plan)
    rows = [(one.table, f"{one.deleted:,}", f"{one.written:,}") for one in done.tables]
    output.result(_result(plan, done), table(("TABLE", "DELETED", "WRITTEN"), rows))


def _check(
    environment: Environment,
    source: Environment | None,
    fraction: float | None,
    members: int | None,
    from_role: str | None,
) -> None:
    """Refuse before anything is contacted."""
    require_resettable(environment)
    if source is None and (fraction is not None or from_role is not None):
        raise UsageError("data reset: --fraction and --from-role are about --from. Nothing was contacted")
    if source is not None:
        check_source(source, environment.name)
        if fraction is not None and members is not None:
            raise UsageError("data reset: --fraction and --members exclude each other", next="Give only one of them")
        check_size(fraction, members)


def _end(environment: Environment, role: str | None) -> End:
    return End(environment=environment, subject=environment.name, option="--to-role", role=role)


def _record(session: Session) -> FeatureRecord | None:
    """The record of a feature environment without a stack file."""
    assert isinstance(session, EnvironmentSession), session  # noqa: S101 - opened for an environment
    if not session.project.is_registered(session.environment):
        return None
    return require_live(ControlTable(ControlItems.connect(session.connection)), session.environment.name)


def _seed(environment: Environment, record: FeatureRecord | None, members: int | None) -> Synthetic:
    if record is None:
        return Synthetic(seed=DEFAULT_SEED, members=members or DEFAULT_MEMBERS)
    if record.seed == "anonymized" and members is None:
        raise UsageError(
            f"{environment.name}: its seed is an anonymized subset, and no source is given. Nothing was changed",
            next=f"Name the source: tee-infra data reset {environment.name} --from staging",
        )
    default = 0 if record.seed == "none" else MEMBERS
    return Synthetic(seed=seed_number(record.repository, record.branch), members=members or default)


def _keeps_backups(session: Session) -> bool:
    """By the settings in force: an environment with point-in-time recovery has contents to keep."""
    assert isinstance(session, EnvironmentSession), session  # noqa: S101 - opened for an environment
    if session.project.is_registered(session.environment):
        return False
    return session.project.settings(session.environment).point_in_time_recovery_days is not None


def _run(output: Output, dynamodb: DynamoDb, plan: ResetPlan) -> Reset:
    with Counting() as counting, CopyMeter() if isinstance(plan.fill, Subset) else nullcontext(_no_copy) as meter:
        return run_reset(dynamodb, plan, output.say, counting, meter)


def _no_copy(_table: TablePlan, _at: CopyProgress) -> None:
    """Synthetic members are counted as they are written."""


def _plan_lines(plan: ResetPlan) -> list[str]:
    name = plan.environment.name
    lines = [f"{name}: every item is deleted, then the tables are filled with {plan.fill.text}"]
    lines += [f"  {entry.name}: about {entry.items:,} items are deleted" for entry in plan.tables.values()]
    if plan.backed_up:
        return [*lines, f"A native backup of each table is made first; to list them: tee-infra backup list {name}"]
    return [*lines, f"The present items are lost: {name} has no point-in-time recovery, and no backup is made"]


def _result(plan: ResetPlan, done: Reset | None) -> DataResetResult:
    finished = {one.name: one for one in done.tables} if done else {}
    tables = [
        ResetTableFacts(
            table=name,
            physical_name=entry.name,
            items=entry.items,
            deleted=finished[name].deleted if done else None,
            written=finished[name].written if done else None,
        )
        for name, entry in plan.tables.items()
    ]
    return DataResetResult(
        environment=plan.environment.name,
        fill=plan.fill.text,
        backed_up=plan.backed_up,
        backups=[one.arn for one in done.backups] if done else [],
        tables=tables,
    )
