"""`tee-infra schema pull | check`."""

from pathlib import Path

import click

from tee_infra.cli.environments.other_slots import say_other_slots
from tee_infra.cli.old_names import renamed_argument
from tee_infra.cli.options import environment_argument, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel, TableNames
from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.errors import PartialError
from tee_infra.workflows.environments.schema import check_schema, declared_tables, pull_schema
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.data_session import open_data_session


class SchemaPullResult(ResultModel):
    """The catalog `entry`, as Python text, for a live table; `beyond` are its parts that no entry can express."""

    physical_name: str
    entry: str
    beyond: list[str]


class CheckedTable(TableNames):
    """How a live table differs from the catalog, one line each."""

    differences: list[str]


class SchemaCheckResult(ResultModel):
    """How the tables of an environment differ from the catalog."""

    environment: str
    tables: list[CheckedTable]


@click.group()
def schema() -> None:
    """Compare the table catalog with live tables."""


@prints(SchemaPullResult)
@schema.command()
@renamed_argument("table", old="--table", metavar="TABLE", help="Physical name of the table.")
@local_option
@json_option
def pull(table: str, local: bool, as_json: bool) -> None:
    """Print the catalog entry for a live table.

    Uses the AWS account of this shell's variables, or the embedded AWS with --local.
    """
    output = Output(as_json, for_file=True)
    session = open_data_session(None, table, output, local=local)
    entry, beyond = pull_schema(table, session.connection)
    for part in beyond:
        output.say(f"{table}: the catalog cannot express {part}")
    output.result(SchemaPullResult(physical_name=table, entry=entry, beyond=beyond), [entry])


@prints(SchemaCheckResult)
@schema.command()
@environment_argument
@local_option
@json_option
def check(environment: Environment, local: bool, as_json: bool) -> None:
    """Compare the catalog with live tables; exits 5 if they differ."""
    output = Output(as_json)
    project = find_project(Path.cwd())
    declared = declared_tables(project, environment)
    session = open_data_session(environment, environment.name, output, local=local)
    say_other_slots(output, project, environment)
    found = check_schema(environment, declared, session.connection)
    lines: list[str] = []
    for table, differences in found.items():
        lines += [f"{table}: {difference}" for difference in differences] or [f"{table}: equal to the catalog"]
    physical = {table.name: names.table(environment.name, table.name) for table in declared}
    tables = [
        CheckedTable(table=name, physical_name=table, differences=found[table]) for name, table in physical.items()
    ]
    output.result(SchemaCheckResult(environment=environment.name, tables=tables), lines)
    if differing := [table for table, differences in found.items() if differences]:
        raise PartialError(
            f"{environment.name}: {len(differing)} of {len(found)} tables differ from the catalog: "
            f"{', '.join(differing)}"
        )
