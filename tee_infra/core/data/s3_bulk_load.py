"""AWS's own route for a big table: an export to S3, then a bulk load into the existing table.

The requests are built here as plain data. StartBulkPutItems is in botocore since 1.44; no emulator has it, so the
requests are checked against botocore's service model, and the export's layout in S3 is the one AWS documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RemoteError

PREFIX = "tee-infra-copy"


class BulkFailedError(RemoteError):
    """AWS ended an export or a load without success; `aws_code` is its reason."""

    def __init__(self, step: str, table: str, code: str, message: str) -> None:
        self.aws_code = code
        super().__init__(f"{step} of {table}: {code or 'failed'}: {message}")


@dataclass(frozen=True, kw_only=True)
class BulkLoad:
    """The result of a load: items put, and items that failed."""

    processed: int
    failed: int


def export_request(source: TableFacts, bucket: str, token: str) -> dict[str, Any]:
    """ExportTableToPointInTime, which needs point-in-time recovery. The same `token` never starts a second export."""
    return {
        "TableArn": source.arn,
        "S3Bucket": bucket,
        "S3Prefix": f"{PREFIX}/{source.name}",
        "ExportFormat": "DYNAMODB_JSON",
        "ClientToken": token,
    }


def load_request(target: TableFacts, export: Mapping[str, Any], token: str) -> dict[str, Any]:
    """StartBulkPutItems of a completed export, as DescribeExport describes it. Failed items are reported beside it."""
    folder = f"{export['S3Prefix']}/AWSDynamoDB/{export['ExportArn'].rpartition('/')[2]}"
    return {
        "TableName": target.name,
        "InputS3Configuration": {
            "S3Bucket": export["S3Bucket"],
            "S3KeyPrefix": f"{folder}/data/",
            "InputFormat": "DYNAMODB_JSON",
            "InputCompressionType": "GZIP",
        },
        "OutputS3Configuration": {
            "S3Bucket": export["S3Bucket"],
            "S3KeyPrefix": f"{folder}/failed/",
            "OutputType": ["ERROR"],
        },
        "ClientToken": token,
    }


def read_export(table: str, description: Mapping[str, Any]) -> bool:
    """Whether an export is complete. Raises `BulkFailedError`."""
    if description["ExportStatus"] == "FAILED":
        raise BulkFailedError(
            "the export", table, description.get("FailureCode", ""), description.get("FailureMessage", "")
        )
    return description["ExportStatus"] == "COMPLETED"


def read_load(table: str, description: Mapping[str, Any]) -> BulkLoad | None:
    """The result of a load, None while it runs. Raises `BulkFailedError`."""
    status = description["BulkOperationStatus"]
    if status in {"FAILED", "CANCELLED"}:
        code = description.get("FailureCode", status)
        raise BulkFailedError("the bulk load", table, code, description.get("FailureMessage", ""))
    if status not in {"COMPLETED", "COMPLETED_WITH_ERRORS"}:
        return None
    return BulkLoad(processed=description.get("ProcessedItemCount", 0), failed=description.get("FailedItemCount", 0))
