"""Compare the catalog with live tables."""

from tee_infra.aws.connection import Connection
from tee_infra.aws.tables import NoTableError, live_schema
from tee_infra.core import names
from tee_infra.core.environments import Environment
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.live_schema import differences, render_entry, schema_of


def pull_schema(table: str, connection: Connection) -> tuple[str, list[str]]:
    """The catalog entry, as Python text, for the live table of this physical name, and what it cannot express.

    Raises `NoTableError`.
    """
    schema = live_schema(table, connection)
    return render_entry(table, schema), [str(part) for part in schema.beyond]


def check_schema(environment: Environment, connection: Connection) -> dict[str, list[str]]:
    """Physical table name -> differences from the catalog. A missing table is a difference."""
    found: dict[str, list[str]] = {}
    for table in TABLES:
        physical = names.table(environment.name, table.name)
        try:
            found[physical] = differences(schema_of(table), live_schema(physical, connection))
        except NoTableError as error:
            found[physical] = [str(error)]
    return found
