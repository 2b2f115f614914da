"""Compare two environments: their settings, the schemas of their tables, and their items."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
from tee_infra.aws.tables import NoTableError, live_schema
from tee_infra.core.changes.settings_difference import differing_settings
from tee_infra.core.codec.masking import Mask, TypedItem, shown
from tee_infra.core.data.comparison import Comparison, Difference
from tee_infra.core.data.copy_policy import CopySide
from tee_infra.core.data.table_identity import production_reason
from tee_infra.core.settings import Settings
from tee_infra.core.tables.catalog import TABLES, Table, in_some_version
from tee_infra.core.tables.live_schema import Schema, differences_between
from tee_infra.workflows.control.records import require_live
from tee_infra.workflows.data.validate_environment import validate_tables
from tee_infra.workflows.features.context import open_feature_context
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import EnvironmentSession, Session

Sides = tuple[CopySide, CopySide]


@dataclass(frozen=True, kw_only=True)
class TableDifference:
    """How one table differs. `schema`: one line each. `items`: None where they were not compared."""

    table: str
    names: tuple[str, str]
    schema: list[str]
    items: Comparison | None = None
    keys: list[tuple[Difference, TypedItem]]
    """The first differing keys, masked where either table is production."""
    masked: bool = False


@dataclass(frozen=True, kw_only=True)
class EnvironmentDifference:
    """How two environments differ."""

    settings: Mapping[str, tuple[Any, Any]]
    tables: list[TableDifference]

    @property
    def equal(self) -> bool:
        """Whether nothing differs that was compared."""
        same = all(not table.schema and (table.items is None or table.items.equal) for table in self.tables)
        return same and not self.settings


def compare_environments(
    sessions: tuple[Session, Session], ends: Sides, *, data: bool, show_personal: bool
) -> EnvironmentDifference:
    """Compare the environments of `sessions`, whose tables are those of `ends`. `data`: their items too.

    The items of a table are compared where both have it, with the same key. Raises `SettingsError`, `AwsError`, and as
    `validate_tables` does.
    """
    one, other = (_settings(session, end) for session, end in zip(sessions, ends, strict=True))
    connections = sessions[0].connection, sessions[1].connection
    schemas = {table.name: _schemas(table, ends, connections) for table in TABLES}
    tables = [_schema_difference(table, ends, schemas[table.name]) for table in TABLES]
    if data:
        databases = open_dynamodb(connections[0]), open_dynamodb(connections[1])
        comparable = [name for name, pair in schemas.items() if _have_one_key(*pair)]
        tables = [
            _with_items(table, databases, ends, show_personal=show_personal) if table.table in comparable else table
            for table in tables
        ]
    return EnvironmentDifference(settings=differing_settings(one, other), tables=tables)


def _settings(session: Session, end: CopySide) -> Settings:
    """Those in force: of the stack file, or of the record of a feature environment."""
    environment, project = end.environment, find_project(Path.cwd())
    assert environment is not None, end  # noqa: S101 - the command takes environments only
    if isinstance(session, EnvironmentSession) and project.is_registered(environment):
        control = ControlTable(ControlItems.connect(session.connection))
        return open_feature_context(session).settings(require_live(control, environment.name))
    return project.settings(environment)


def _schemas(table: Table, ends: Sides, connections: tuple[Connection, Connection]) -> tuple[Schema | None, ...]:
    return tuple(_schema(end.tables[table.name], at) for end, at in zip(ends, connections, strict=True))


def _schema(physical: str, connection: Connection) -> Schema | None:
    try:
        return live_schema(physical, connection)
    except NoTableError:
        return None


def _schema_difference(table: Table, ends: Sides, schemas: tuple[Schema | None, ...]) -> TableDifference:
    one, other = schemas
    if one is not None and other is not None:
        found = differences_between(one, other, (ends[0].name, ends[1].name))
    else:
        found = [f"no table {end.tables[table.name]}" for end, schema in zip(ends, schemas, strict=True) if not schema]
    names = ends[0].tables[table.name], ends[1].tables[table.name]
    return TableDifference(table=table.name, names=names, schema=found if one or other else [], keys=[])


def _have_one_key(one: Schema | None, other: Schema | None) -> bool:
    if one is None or other is None:
        return False
    return (one.partition_key, one.sort_key) == (other.partition_key, other.sort_key)


def _with_items(
    table: TableDifference, databases: tuple[DynamoDb, DynamoDb], ends: Sides, *, show_personal: bool
) -> TableDifference:
    compared = validate_tables(*databases, ends, [table.table], transport=None)[table.table]
    production = any(_is_production(*side) for side in zip(databases, ends, table.names, strict=True))
    entry = next(entry for entry in TABLES if entry.name == table.table)
    mask = Mask(in_some_version(entry)) if production and not show_personal else None
    keys = [_key(difference, mask) for difference in compared.differences]
    return replace(table, items=compared, keys=keys, masked=mask is not None)


def _is_production(dynamodb: DynamoDb, end: CopySide, physical: str) -> bool:
    return bool(end.production or production_reason(dynamodb.identity(dynamodb.table(physical))))


def _key(difference: Difference, mask: Mask | None) -> tuple[Difference, TypedItem]:
    """Beyond an attribute's name a path has keys of maps, which are text of any content."""
    key = difference.key.encode()
    if mask is None:
        return difference, shown(key)
    attributes = dict.fromkeys(path.split(".")[0] for path in difference.paths)
    return replace(difference, key="", paths=tuple(attributes)), mask(key)
