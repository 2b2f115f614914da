"""The calls of AWS's own route, against botocore's Stubber and service model."""

import boto3
import pytest
from botocore.stub import Stubber

from tee_infra.aws.dynamodb import DynamoDbError
from tee_infra.aws.s3_bulk_load import copy_in_aws
from tee_infra.core.data.s3_bulk_load import BulkFailedError, BulkLoad, export_request, load_request
from tee_infra.core.tables.description import TableFacts

EXPORT_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/staging-tee-admin/export/01234567890123-abcdefab"
LOAD_ARN = "arn:aws:dynamodb:us-east-1:123456789012:bulk-operation/0123"
SOURCE, TARGET = (
    TableFacts(
        name=f"{environment}-tee-admin",
        arn=f"arn:aws:dynamodb:us-east-1:123456789012:table/{environment}-tee-admin",
        key_names=("pk",),
        key_types=("S",),
    )
    for environment in ("staging", "dev")
)
EXPORT = {"ExportArn": EXPORT_ARN, "S3Bucket": "bucket", "S3Prefix": "tee-infra-copy/staging-tee-admin"}
TOKEN = "token-0123"


def stubbed(*replies: tuple[str, dict, dict]) -> Stubber:
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    stubber = Stubber(client)
    for operation, reply, expected in replies:
        stubber.add_response(operation, reply, expected)
    stubber.activate()
    return stubber


def exporting(*statuses: str, **more: str) -> Stubber:
    first, *later = ({"ExportDescription": {**EXPORT, "ExportStatus": status, **more}} for status in statuses)
    return stubbed(
        ("export_table_to_point_in_time", first, export_request(SOURCE, "bucket", TOKEN)),
        *(("describe_export", reply, {"ExportArn": EXPORT_ARN}) for reply in later),
    )


def loading(*statuses: str, **more: int | str) -> Stubber:
    first, *later = (
        {"BulkOperationDescription": {"BulkOperationArn": LOAD_ARN, "BulkOperationStatus": status, **more}}
        for status in statuses
    )
    return stubbed(
        ("start_bulk_put_items", first, load_request(TARGET, EXPORT, TOKEN)),
        *(("describe_bulk_operation", reply, {"BulkOperationArn": LOAD_ARN}) for reply in later),
    )


def run(export: Stubber, load: Stubber) -> tuple[BulkLoad, list[float]]:
    slept: list[float] = []
    done = copy_in_aws((export.client, load.client), SOURCE, TARGET, bucket="bucket", token=TOKEN, sleep=slept.append)
    export.assert_no_pending_responses()
    load.assert_no_pending_responses()
    return done, slept


def test_exports_waits_and_loads() -> None:
    counts = {"ProcessedItemCount": 7, "FailedItemCount": 1}
    export = exporting("IN_PROGRESS", "IN_PROGRESS", "COMPLETED")
    done, slept = run(export, loading("IN_PROGRESS", "COMPLETED_WITH_ERRORS", **counts))
    assert done == BulkLoad(processed=7, failed=1)
    assert len(slept) == 3


def test_reads_the_export_where_it_is() -> None:
    assert load_request(TARGET, EXPORT, TOKEN)["InputS3Configuration"]["S3KeyPrefix"] == (
        "tee-infra-copy/staging-tee-admin/AWSDynamoDB/01234567890123-abcdefab/data/"
    )


def test_a_failure_is_said() -> None:
    with pytest.raises(BulkFailedError, match="the export of staging-tee-admin: S3NoSuchBucket: gone"):
        run(exporting("FAILED", FailureCode="S3NoSuchBucket", FailureMessage="gone"), stubbed())
    with pytest.raises(BulkFailedError, match="the bulk load of dev-tee-admin: CANCELLED"):
        run(exporting("COMPLETED"), loading("CANCELLED"))
    refusing = stubbed()
    refusing.add_client_error("export_table_to_point_in_time", "PointInTimeRecoveryUnavailableException", "off")
    with pytest.raises(DynamoDbError, match="PointInTimeRecoveryUnavailableException"):
        run(refusing, stubbed())
