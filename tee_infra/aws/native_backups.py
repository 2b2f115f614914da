"""DynamoDB's own backups: on demand, and point-in-time recovery."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from tee_infra.aws.connection import aws_errors

_NO_BACKUPS: Final = {
    "UnknownOperationException",  # DynamoDB Local
    "UnknownOperation",
    "InvalidAction",
    "NotImplemented",
    "501",
    "TableNotFoundException",
    "ResourceNotFoundException",
}


@dataclass(frozen=True)
class NativeBackup:
    """One on-demand backup of the table with the physical name `table`; `size` in bytes."""

    arn: str
    name: str
    table: str
    status: str
    size: int
    created_at: datetime


class NativeBackups:
    """The native backups of one account and region. Raises `AwsError`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create(self, table: str, name: str) -> NativeBackup:
        """Start an on-demand backup of the table's present items; DynamoDB finishes it in the background."""
        with aws_errors(f"backing up {table}"):
            details = self._client.create_backup(TableName=table, BackupName=name)["BackupDetails"]
        return _read(details, table)

    def of_table(self, table: str) -> list[NativeBackup]:
        """The on-demand backups of a table, oldest first; none at an endpoint that has no such backups."""
        with aws_errors(f"listing the backups of {table}"):
            pages = self._client.get_paginator("list_backups").paginate(TableName=table)
            try:
                found = [_read(summary, table) for page in pages for summary in page["BackupSummaries"]]
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _NO_BACKUPS:
                    raise
                found = []
        return sorted(found, key=lambda backup: backup.created_at)

    def table_of(self, arn: str) -> str:
        """The physical name of a backup's table."""
        with aws_errors(f"reading backup {arn}"):
            description = self._client.describe_backup(BackupArn=arn)["BackupDescription"]
        return str(description["SourceTableDetails"]["TableName"])

    def restore(self, arn: str, target: str) -> None:
        """Start to restore into a new table. DynamoDB refuses an existing one."""
        with aws_errors(f"restoring {arn} to {target}"):
            self._client.restore_table_from_backup(TargetTableName=target, BackupArn=arn)

    def restore_to(self, moment: datetime, source: str, target: str) -> None:
        """Start to restore `source` as it was at `moment` into a new table."""
        with aws_errors(f"restoring {source} as of {moment.isoformat()} to {target}"):
            self._client.restore_table_to_point_in_time(
                SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
            )


def _read(found: dict[str, Any], table: str) -> NativeBackup:
    return NativeBackup(
        arn=found["BackupArn"],
        name=found["BackupName"],
        table=table,
        status=found["BackupStatus"],
        size=found.get("BackupSizeBytes", 0),
        created_at=found["BackupCreationDateTime"],
    )
