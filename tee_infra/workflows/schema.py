"""Compare the catalog with live tables."""

from collections.abc import Callable

from tee_infra.aws.connection import Connection
from tee_infra.aws.identity import require_account
from tee_infra.aws.tables import NoTableError, live_schema
from tee_infra.core import names
from tee_infra.core.catalog import TABLES
from tee_infra.core.environments import Environment
from tee_infra.core.schema import differences, render_entry, schema_of
from tee_infra.workflows import embedded
from tee_infra.workflows.project import Project

Report = Callable[[str], None]


def pull_schema(table: str, connection: Connection) -> str:
    """The catalog entry, as Python text, for the live table of this physical name. Raises `NoTableError`."""
    return render_entry(table, live_schema(table, connection))


def check_schema(environment: Environment, connection: Connection) -> dict[str, list[str]]:
    """Physical table name -> how it differs from the catalog. A table that is not there differs by that."""
    found: dict[str, list[str]] = {}
    for table in TABLES:
        physical = names.table(environment.name, table.name)
        try:
            found[physical] = differences(schema_of(table), live_schema(physical, connection))
        except NoTableError as error:
            found[physical] = [str(error)]
    return found


def connect(project: Project, environment: Environment | None, *, use_local: bool) -> Connection:
    """Where an environment's tables are, by its settings; without an environment, where this shell's AWS is.

    Raises `NotRunningError` where that is the embedded AWS and it is not running, and `NoAccessError` or
    `WrongAccountError` where it is an account that the credentials are not of.
    """
    settings = project.settings(environment) if environment else None
    if not use_local and settings is None:
        return Connection()
    if not use_local and settings is not None and settings.account_id is not None:
        require_account(settings.account_id, settings.region)
        return Connection(region=settings.region)
    return embedded.connection_to(project)


def describe(connection: Connection) -> str:
    """Where a connection leads, for the first line of a command."""
    if connection.endpoint is not None:
        return f"embedded AWS at {connection.endpoint}"
    return f"AWS in {connection.region}" if connection.region else "where this shell's AWS variables lead"
