from typing import Any
from unittest.mock import create_autospec

import boto3
import pytest
from botocore.stub import Stubber

from tee_infra.aws.connection import AwsError
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.tables.create_request import TableDefinition

KEYS: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
TABLE = {
    "TableName": "dev-t",
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/dev-t",
    "TableStatus": "ACTIVE",
} | KEYS


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


@pytest.fixture
def stubber(client: Any):
    with Stubber(client) as stubber:
        yield stubber


def described(stubber: Stubber, **state: Any) -> None:
    stubber.add_response("describe_table", {"Table": TABLE | state})


def read(stubber: Stubber, *, ttl: str = "DISABLED") -> None:
    described(stubber)
    stubber.add_response("describe_time_to_live", {"TimeToLiveDescription": {"TimeToLiveStatus": ttl}})
    stubber.add_response("list_tags_of_resource", {"Tags": [{"Key": "aws:cloudformation:stack", "Value": "x"}]})
    stubber.add_client_error("describe_continuous_backups", "UnknownOperationException")


def test_a_change_waits_until_the_table_takes_it(client: Any, stubber: Stubber) -> None:
    slept: list[float] = []
    read(stubber)
    stubber.add_client_error("update_continuous_backups", "ContinuousBackupsUnavailableException")
    stubber.add_client_error("update_continuous_backups", "ResourceInUseException")
    stubber.add_response("update_continuous_backups", {})
    described(stubber, TableStatus="UPDATING")
    described(stubber)
    wanted = TableDefinition(request=KEYS, recovery_days=7)
    assert TableDefinitions(client, slept.append).reapply("dev-t", wanted) == ["PITR"]
    assert len(slept) == 3
    stubber.assert_no_pending_responses()


def test_what_can_never_work_is_said_at_once(client: Any, stubber: Stubber) -> None:
    read(stubber)
    stubber.add_client_error("update_time_to_live", "ValidationException", "one change an hour")
    with pytest.raises(AwsError, match=r"TTL of dev-t: .*one change an hour"):
        TableDefinitions(client).reapply("dev-t", TableDefinition(request=KEYS, ttl_attribute="expiresAt"))


def test_waiting_includes_indexes_and_has_an_end(client: Any) -> None:
    index = {"IndexName": "by-date", "IndexStatus": "CREATING"}
    never = create_autospec(client, instance=True)
    never.describe_table.return_value = {"Table": TABLE | {"GlobalSecondaryIndexes": [index]}}
    with pytest.raises(AwsError, match="not active after 12 hours"):
        TableDefinitions(never, lambda _: None).wait_until_active("dev-t")


def test_aws_own_tags_are_not_ours_to_give_back(client: Any, stubber: Stubber) -> None:
    read(stubber)
    found = TableDefinitions(client).definition("dev-t")
    assert found is not None
    assert (found.tags, found.recovery_days, found.ttl_attribute) == ({}, None, None)


def test_a_table_that_is_not_there_has_no_definition(client: Any, stubber: Stubber) -> None:
    stubber.add_client_error("describe_table", "ResourceNotFoundException")
    assert TableDefinitions(client).definition("dev-t") is None
