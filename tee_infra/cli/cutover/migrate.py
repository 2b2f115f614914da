"""`tee-infra migrate`."""

import sys
import time
from datetime import timedelta
from shutil import get_terminal_size
from typing import Any, Final

import click
from pydantic import RootModel

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.cutover.facts import ReplicatedTableFacts, progress_line, table_facts, table_line, table_lines
from tee_infra.cli.cutover.options import control_of, migration_options, open_sides
from tee_infra.cli.cutover.orders import continue_command, pause, throttle
from tee_infra.cli.cutover.status import status
from tee_infra.cli.cutover.tail import tail
from tee_infra.cli.options import examples
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers
from tee_infra.cli.printing import end_progress, show_progress
from tee_infra.cli.results import ResultModel
from tee_infra.core.cutover.migration import State, check_ends, migration_side
from tee_infra.core.cutover.progress_report import Report
from tee_infra.core.cutover.warming import Increase
from tee_infra.core.times import render_duration
from tee_infra.errors import UsageError
from tee_infra.workflows.cutover.migrate import MigrationResult, run_migration
from tee_infra.workflows.cutover.plan import MigrationPlan, plan_migration
from tee_infra.workflows.cutover.transform import load_transform

_PLAIN_SECONDS: Final = 10.0
_MINUTE: Final = 60.0


class PlannedIncrease(ResultModel):
    """Warm throughput of a table, or of its index `index`, in units a second: what it has now, and what it gets."""

    index: str | None
    reads: int
    writes: int
    wanted_reads: int
    wanted_writes: int


class PlannedTable(ResultModel):
    """A table before its migration: `items` and `size` of the source are up to six hours old.

    `state`: whether the target's table is empty, has items of this migration, or other ones, which are deleted unless
    the source has them too. `warm_throughput`: what is raised, each increase billed once by AWS. `overwritten`: items
    that differ by the last comparison, in a target that was open until the last switch.
    """

    table: str
    source: str
    target: str
    items: int
    size: int
    estimated_seconds: float
    state: State
    warm_throughput: list[PlannedIncrease]
    overwritten: int


class PlannedMigration(ResultModel):
    """What --dry-run shows: `estimated_seconds` are of copy and catch-up."""

    source: str
    target: str
    estimated_seconds: float
    tables: dict[str, PlannedTable]


class MigrationFacts(ResultModel):
    """How the migration ended. `caught_up`: a complete comparison found no difference, and then every write of the
    source was in the target. `stopped`: by Ctrl-C or a signal; the same command continues. `switched`: a switch opened
    the target to the app, so nothing is left to migrate."""

    source: str
    target: str
    caught_up: bool
    stopped: bool
    switched: bool
    tables: dict[str, ReplicatedTableFacts]


class MigrateResult(RootModel[MigrationFacts | PlannedMigration]):
    """How the migration ended, or with --dry-run its plan."""


class Meter:
    """Prints progress on standard error: one line that is rewritten on a terminal, else lines now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = 0.0

    def __call__(self, report: Report) -> None:
        """Show where each table is."""
        now = time.monotonic()
        if self._terminal:
            show_progress(progress_line(report)[: get_terminal_size().columns - 1], rewrite=True)
        elif now - self._said >= _PLAIN_SECONDS:
            self._said = now
            for name, table in report.tables.items():
                show_progress(table_line(name, table), rewrite=False)

    def close(self) -> None:
        """End the rewritten line."""
        if self._terminal:
            end_progress()


@prints(MigrateResult)
@click.group(
    invoke_without_command=True,
    epilog=examples(
        "tee-infra migrate --from prod --to prod-v2 --dry-run",
        "tee-infra migrate --from legacy --to prod --until-caught-up",
        "tee-infra migrate --from prod --to prod-v2 --transform changes:to_v2",
        "tee-infra migrate status prod",
    ),
)
@click.option("--from", "source", metavar="ENV", help="Source: an environment, a slot such as prod-v2, or legacy.")
@click.option("--to", "target", metavar="ENV", help="Target: an environment, a slot such as prod-v2, or legacy.")
@migration_options
@click.pass_context
def migrate(
    context: click.Context,
    *,
    source: str | None,
    target: str | None,
    **options: Any,
) -> None:
    """Replicate tables in use into another slot.

    Loses no write: copies every item, then follows the source's stream, compares both sides completely, and runs until
    Ctrl-C or a switch. The same command resumes after a stop or a crash. Items of the target that the source does not
    have are deleted. The app keeps on using the source. Exits 5 if --until-caught-up ends with a difference.
    """
    if context.invoked_subcommand is not None:
        if options["as_json"] or source or target:
            raise UsageError("migrate: its own options do not go together with a subcommand. Nothing was changed")
        return
    if source is None or target is None:
        raise UsageError("migrate: --from and --to are missing. Nothing was changed", next="tee-infra migrate --help")
    migrate_slots(source, target, **options)


def migrate_slots(
    source: str,
    target: str,
    *,
    transform: str | None,
    until_caught_up: bool,
    from_role: str | None,
    to_role: str | None,
    local: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show the plan, ask, and replicate one slot into another, with the options of `migration_options`."""
    output, roles = Output(as_json), (from_role, to_role)
    sides = migration_side(source), migration_side(target)
    check_ends(*sides)
    loaded = load_transform(transform) if transform else None
    if not dry_run:
        require_answers(output, yes=yes)
    sessions = open_sides(sides, roles, output, local=local)
    databases = [open_dynamodb(session.connection) for session in sessions]
    control = control_of(sides[1], sessions[1], roles[1])
    plan = plan_migration(databases[0], databases[1], control, sides, loaded)
    for line in _plan_lines(plan):
        output.say(line)
    if dry_run:
        output.result(MigrateResult(_planned(plan)), [])
        return
    confirm_by_name(output, sides[1].name, _question(plan), yes=yes)
    meter = Meter()
    try:
        result = run_migration(plan, control, until_caught_up=until_caught_up, report=meter)
    finally:
        meter.close()
    output.result(MigrateResult(_facts(result)), _result_lines(result))


for command in (status, throttle, pause, continue_command, tail):
    migrate.add_command(command)


def _question(plan: MigrationPlan) -> str:
    target = plan.sides[1].name
    others = [name for name, state in plan.states.items() if state == "has other items"]
    deletes = f" Items of {', '.join(others)} there that the source does not have are deleted." if others else ""
    overwritten = sum(_overwritten(plan, table.name) for table in plan.ends.tables)
    deletes += f" {overwritten:,} items that differ there are overwritten." if overwritten else ""
    warms = " AWS bills the increases of warm throughput, once." if plan.warming.increases else ""
    return f"This writes to {target}, which the app does not have open.{deletes}{warms}"


def _plan_lines(plan: MigrationPlan) -> list[str]:
    source, target = plan.sides
    lines = [f"{source.name} -> {target.name}: about {_duration(plan.seconds)} until it has caught up"]
    for table in plan.ends.tables:
        found = plan.estimates[table.name]
        lines.append(
            f"  {table.source.name} -> {table.target.name}: about {found.items:,} items, {found.size / 1e6:,.1f} MB; "
            f"the target {_STATES[plan.states[table.name]]}"
        )
        for increase in plan.warming.increases.get(table.name, ()):
            part = f"{table.target.name}/{increase.index}" if increase.index else table.target.name
            lines.append(f"  {part}: warm throughput {increase} a second")
        if items := _overwritten(plan, table.name):
            lines.append(f"  {table.target.name}: {items:,} items that differ are overwritten")
    if plan.kept:
        lines.append(
            f"  {target.name} was open until the last switch: items are not overwritten where this run is the first to "
            "find that they differ"
        )
    if plan.warming.increases:
        lines.append("  AWS bills each increase of warm throughput once, by its units, and none can be taken back")
    return lines


_STATES: Final = {
    "empty": "is empty",
    "resumes": "continues from its journal",
    "has other items": "has items, which are deleted unless the source has them too",
}


def _overwritten(plan: MigrationPlan, table: str) -> int:
    return plan.different.get(table, 0) if plan.leads_back else 0


def _duration(seconds: float) -> str:
    return render_duration(timedelta(seconds=seconds)) if seconds >= _MINUTE else f"{seconds:.0f} s"


def _planned(plan: MigrationPlan) -> PlannedMigration:
    tables = {
        table.name: PlannedTable(
            table=table.name,
            source=table.source.name,
            target=table.target.name,
            items=plan.estimates[table.name].items,
            size=plan.estimates[table.name].size,
            estimated_seconds=plan.estimates[table.name].seconds,
            state=plan.states[table.name],
            overwritten=_overwritten(plan, table.name),
            warm_throughput=[_increase(each) for each in plan.warming.increases.get(table.name, ())],
        )
        for table in plan.ends.tables
    }
    source, target = plan.sides
    return PlannedMigration(source=source.name, target=target.name, estimated_seconds=plan.seconds, tables=tables)


def _increase(found: Increase) -> PlannedIncrease:
    return PlannedIncrease(
        index=found.index,
        reads=found.present.reads,
        writes=found.present.writes,
        wanted_reads=found.wanted.reads,
        wanted_writes=found.wanted.writes,
    )


def _facts(result: MigrationResult) -> MigrationFacts:
    return MigrationFacts(
        source=result.report.source,
        target=result.report.target,
        caught_up=result.caught_up,
        stopped=result.stopped,
        switched=result.switched,
        tables={name: table_facts(name, table) for name, table in result.report.tables.items()},
    )


def _result_lines(result: MigrationResult) -> list[str]:
    report = result.report
    if result.switched:
        end = f"{report.target} is open to the app: the migration has ended"
    elif result.caught_up:
        end = f"{report.target} is equal to {report.source} and up to date"
    else:
        end = f"stopped; to continue, run the same command again: {report.target} falls behind from now on"
    return [*table_lines(report), end]
