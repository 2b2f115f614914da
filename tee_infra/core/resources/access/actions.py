"""DynamoDB's actions by risk. `tests/contracts/test_program_actions.py` checks that AWS has them."""

from typing import Final

DESCRIBE: Final = (
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:ListTagsOfResource",
)

READ_KEYS: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
QUERY: Final = "dynamodb:Query"
SCAN: Final = "dynamodb:Scan"
WRITE: Final = (
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
)
PARTIQL: Final = (
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLUpdate",
)
READ_STREAM: Final = ("dynamodb:GetRecords", "dynamodb:GetShardIterator")
DESCRIBE_STREAM: Final = "dynamodb:DescribeStream"
LIST_STREAMS: Final = "dynamodb:ListStreams"
"""Names of streams; the action takes no resource."""

LIST_TABLES: Final = "dynamodb:ListTables"
"""Names of tables; the action takes no resource."""
STREAM_READERS: Final = "lambda:ListEventSourceMappings"
"""Names of streams and of the functions that read them; the action takes no resource."""
COMPARE_TABLES: Final = ("dynamodb:DescribeKinesisStreamingDestination", "dynamodb:GetResourcePolicy")
"""What a switch reads of a table beside its description."""

NATIVE_BACKUP: Final = "dynamodb:CreateBackup"
"""The copy stays in the account and under its own rights; `RESTORES` make a table of it."""
LIST_BACKUPS: Final = "dynamodb:ListBackups"
"""Names and sizes of backups; the action takes no resource."""

BULK_COPIES: Final = (
    NATIVE_BACKUP,
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:RestoreTableToPointInTime",
    "dynamodb:StartAwsBackupJob",
)
"""One call copies a complete table to a place with other rules."""

RESTORES: Final = ("dynamodb:RestoreTableFromAwsBackup", "dynamodb:RestoreTableFromBackup")
REPLICATION: Final = (
    "dynamodb:AssociateTableReplica",
    "dynamodb:CreateGlobalTable",
    "dynamodb:CreateGlobalTableWitness",
    "dynamodb:CreateTableReplica",
    "dynamodb:ReadDataForReplication",
    "dynamodb:ReplicateSettings",
    "dynamodb:UpdateGlobalTable",
    "dynamodb:UpdateGlobalTableSettings",
    "dynamodb:UpdateGlobalTableVersion",
    "dynamodb:UpdateKinesisStreamingDestination",
    "dynamodb:UpdateTableReplicaAutoScaling",
    "dynamodb:WriteDataForReplication",
)
CHANGE_POLICY: Final = ("dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy")
"""A table policy's Allow bypasses a permissions boundary."""

CHANGE_TAG_ACCESS: Final = "dynamodb:UpdateAbacStatus"
"""Lets tags decide on access in the whole account; the action takes no resource."""

DATA_PLANE: Final = (*READ_KEYS, QUERY, SCAN, *WRITE, *PARTIQL)
EXFILTRATION: Final = (*READ_STREAM, *BULK_COPIES, *RESTORES, *REPLICATION)

WARM_TABLE: Final = "dynamodb:UpdateTable"
"""Raises a table's warm throughput, among much else: IAM cannot tell the changes apart."""
CHANGE_TABLE: Final = (
    "dynamodb:CreateTable",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "dynamodb:UpdateContinuousBackups",
    WARM_TABLE,
    "dynamodb:UpdateTimeToLive",
)
DELETE_TABLE: Final = "dynamodb:DeleteTable"
