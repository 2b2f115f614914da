"""Compare the catalog with live tables."""

from collections.abc import Sequence

from tee_infra.aws.connection import Connection
from tee_infra.aws.tables import NoTableError, live_schema
from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.live_schema import differences, render_entry, schema_of
from tee_infra.workflows.session.checkout import Project


def pull_schema(table: str, connection: Connection) -> tuple[str, list[str]]:
    """The catalog entry, as Python text, for the live table of this physical name, and what it cannot express.

    Raises `NoTableError`.
    """
    schema = live_schema(table, connection)
    return render_entry(table, schema), [str(part) for part in schema.beyond]


def declared_tables(project: Project, environment: Environment) -> tuple[Table, ...]:
    """The tables of the version that an environment has by its settings; the newest without a stack file.

    Raises `SettingsError`.
    """
    return project.settings(environment).tables if project.has_file(environment) else TABLES


def check_schema(environment: Environment, tables: Sequence[Table], connection: Connection) -> dict[str, list[str]]:
    """Physical table name -> differences from `tables` of the catalog. A missing table is a difference."""
    found: dict[str, list[str]] = {}
    for table in tables:
        physical = names.table(environment.name, table.name)
        try:
            found[physical] = differences(schema_of(table), live_schema(physical, connection))
        except NoTableError as error:
            found[physical] = [str(error)]
    return found
