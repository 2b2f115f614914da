"""Native backups of an environment in DynamoDB, and restores that reapply lost settings.

A native restore keeps items, keys and indexes. It loses TTL, point-in-time recovery, tags, streams, the resource
policy and deletion protection, and the table's settings in other services: alarms, scaling policies and IAM policies
by ARN.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.native_backups import NativeBackup, NativeBackups
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.data.table_identity import names_production, production_name
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.create_request import TableDefinition, declared_definition
from tee_infra.errors import RefusedError, UsageError


@dataclass(frozen=True)
class NativeRestore:
    """One native restore: `source` is the physical table, `backup` an ARN, or None for a point in time."""

    source: str
    target: str
    backup: str | None
    moment: datetime | None


@dataclass(frozen=True)
class NativelyRestored:
    """The result of one native restore; `reapplied` are the settings of the source."""

    source: str
    target: str
    reapplied: list[str]


def create_native(dynamodb: DynamoDb, environment: str, tables: Mapping[str, str], now: datetime) -> list[NativeBackup]:
    """Start one on-demand backup of each table, named `prod-20260101T120000Z`."""
    name = f"{environment}-{now:%Y%m%dT%H%M%SZ}"
    backups = NativeBackups(dynamodb.client)
    return [backups.create(physical, name) for physical in tables.values()]


def list_native(dynamodb: DynamoDb, tables: Mapping[str, str]) -> list[NativeBackup]:
    """The on-demand backups of the tables, oldest first by table."""
    backups = NativeBackups(dynamodb.client)
    return [backup for physical in tables.values() for backup in backups.of_table(physical)]


def plan_native(
    dynamodb: DynamoDb,
    tables: Mapping[str, str],
    suffix: str,
    *,
    backup: str | None = None,
    moment: datetime | None = None,
) -> list[NativeRestore]:
    """The restores of the table of `backup`, or of all `tables` to `moment`.

    Targets are new tables with `suffix` appended to the name. Raises `RefusedError` if one exists or would be taken for
    production, and `UsageError` for a backup of another environment's table.
    """
    if not suffix:
        raise UsageError(
            "backup restore: a native restore creates new tables. Nothing was changed", next="Add --suffix=-restored"
        )
    sources = list(tables.values())
    if backup is not None:
        sources = [NativeBackups(dynamodb.client).table_of(backup)]
        if sources[0] not in tables.values():
            raise UsageError(
                f"{backup}: a backup of {sources[0]}. Nothing was changed. Allowed: {', '.join(tables.values())}"
            )
    steps = [NativeRestore(source, f"{source}{suffix}", backup, moment) for source in sources]
    for step in steps:
        if not production_name(step.source) and (reason := names_production(step.target)):
            raise RefusedError(
                f"{step.target}: would be taken for production, and {step.source} is not: {reason}. Nothing was "
                "changed",
                next="Choose another --suffix",
            )
        if TableDefinitions(dynamodb.client).definition(step.target) is not None:
            raise RefusedError(
                f"{step.target}: exists, and a restore never overwrites. Nothing was changed",
                next="Choose another --suffix",
            )
    return steps


def restore_native(
    dynamodb: DynamoDb,
    steps: list[NativeRestore],
    say: Callable[[str], None],
    policy: Callable[[str], str] | None = None,
) -> list[NativelyRestored]:
    """Restore, wait, and reapply the settings of the source, or of the catalog if the source was deleted.

    `policy` makes a table's resource policy from its ARN.
    """
    backups, tables = NativeBackups(dynamodb.client), TableDefinitions(dynamodb.client)
    definitions = {step.source: tables.definition(step.source) or _declared(step.source) for step in steps}
    for step in steps:
        say(f"{step.target}: restoring")
        if step.backup is not None:
            backups.restore(step.backup, step.target)
        elif step.moment is not None:
            backups.restore_to(step.moment, step.source, step.target)
    restored: list[NativelyRestored] = []
    for step in steps:
        tables.wait_until_active(step.target)
        done = tables.reapply(step.target, definitions[step.source], policy)
        say(f"{step.target}: restored; reapplied settings: {', '.join(done) or 'none'}")
        restored.append(NativelyRestored(step.source, step.target, done))
    return restored


def _declared(physical: str) -> TableDefinition:
    return declared_definition(next(table for table in TABLES if physical.endswith(table.name)))
