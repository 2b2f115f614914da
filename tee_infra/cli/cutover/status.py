"""`tee-infra migrate status`."""

import click
from pydantic import RootModel

from tee_infra.cli.cutover.facts import (
    ReplicatedTableFacts,
    ReplicationState,
    ShadowFacts,
    shadow_facts,
    shadow_line,
    table_facts,
    table_lines,
)
from tee_infra.cli.cutover.options import open_control
from tee_infra.cli.options import environment_argument, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel, Time
from tee_infra.core.environments import Environment
from tee_infra.core.times import render_time
from tee_infra.workflows.cutover.status import ReplicationStatus, read_status


class ReplicationFacts(ResultModel):
    """A replication, as its last run has told. `interrupted`: its process ended without a word.

    `holder` is the user, machine and process; `at` when it told this; `percent` of the rate it was ordered to keep.
    `problem`: why it cannot be told, or why it failed. `shadow_reads`: null where the app has sent none within a day.
    """

    source: str
    target: str
    state: ReplicationState | None
    holder: str | None
    at: Time | None
    percent: int | None
    problem: str | None
    tables: dict[str, ReplicatedTableFacts]
    shadow_reads: ShadowFacts | None


class MigrateStatusResult(RootModel[list[ReplicationFacts]]):
    """Every replication from or to a slot of the environment, the tables of each as they were at its time `at`."""


@prints(MigrateStatusResult)
@click.command()
@environment_argument
@local_option
@json_option
def status(*, environment: Environment, local: bool, as_json: bool) -> None:
    """Show the replications from and to an environment.

    Reads the control table only.
    """
    output = Output(as_json)
    found = read_status(open_control(environment, output, local=local), environment)
    lines = [line for each in found for line in _lines(each)] or [f"no replication of {environment.name} is known"]
    output.result(MigrateStatusResult([_facts(each) for each in found]), lines)


def _facts(found: ReplicationStatus) -> ReplicationFacts:
    report = found.report
    return ReplicationFacts(
        source=found.source,
        target=found.target,
        state=found.state,
        holder=report.holder if report else None,
        at=report.at if report else None,
        percent=report.percent if report else None,
        problem=found.problem,
        tables={name: table_facts(name, table) for name, table in report.tables.items()} if report else {},
        shadow_reads=shadow_facts(found.shadow) if found.shadow else None,
    )


def _lines(found: ReplicationStatus) -> list[str]:
    report = found.report
    shadow = [f"  {shadow_line(found.shadow)}"] if found.shadow else []
    if report is None:
        return [f"{found.source} -> {found.target}: {found.problem}", *shadow]
    rate = f", {report.percent} % of the rate" if report.percent < 100 else ""  # noqa: PLR2004
    head = f"{found.source} -> {found.target}: {found.state}{rate}, as of {render_time(report.at)}, by {report.holder}"
    problem = [f"  {found.problem}"] if found.problem else []
    return [head, *problem, *(f"  {line}" for line in table_lines(report)), *shadow]
