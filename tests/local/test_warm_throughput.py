"""The embedded AWS raises warm throughput as AWS does: later, never down, within the quota, member by member."""

import time
from typing import Any

import pytest

from tee_infra.local import EmbeddedAws
from tests.local.clients import client

TABLE, INDEX = "warm", "by-who"
NEW = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}


@pytest.fixture
def dynamodb(running: EmbeddedAws) -> Any:
    made = client(running, "dynamodb")
    if TABLE in made.list_tables()["TableNames"]:
        made.delete_table(TableName=TABLE)
    made.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "who")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return made


def index(name: str, **warm: int) -> dict[str, Any]:
    return {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": name, "WarmThroughput": warm}}]}


def described(dynamodb: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    return table["WarmThroughput"], table["GlobalSecondaryIndexes"][0]["WarmThroughput"]


def settled(dynamodb: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    due = time.monotonic() + 10
    while "UPDATING" in [warm["Status"] for warm in described(dynamodb)]:
        assert time.monotonic() < due
        time.sleep(0.05)
    return described(dynamodb)


def test_an_increase_is_there_once_it_is_active_and_keeps_the_other_member(dynamodb: Any) -> None:
    assert described(dynamodb) == (NEW | {"Status": "ACTIVE"}, NEW | {"Status": "ACTIVE"})
    dynamodb.update_table(
        TableName=TABLE, WarmThroughput={"ReadUnitsPerSecond": 13_000}, **index(INDEX, WriteUnitsPerSecond=5_000)
    )
    assert described(dynamodb) == (NEW | {"Status": "UPDATING"}, NEW | {"Status": "UPDATING"})
    table, of_index = settled(dynamodb)
    assert table == {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"}
    assert of_index == {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 5_000, "Status": "ACTIVE"}


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"WarmThroughput": {"ReadUnitsPerSecond": 11_999}}, "ValidationException", "for table is lower than current"),
        (index(INDEX, WriteUnitsPerSecond=3_999), "ValidationException", f"for index {INDEX} is lower than current"),
        ({"WarmThroughput": {}}, "ValidationException", "must have at least one of"),
        (index("by-none", ReadUnitsPerSecond=13_000), "ResourceNotFoundException", "Index by-none for table"),
        (
            {"WarmThroughput": {"WriteUnitsPerSecond": 40_001}},
            "LimitExceededException",
            "exceeds TableMaxWriteCapacityUnits of the account in region",
        ),
    ],
    ids=str,
)
def test_what_aws_refuses_is_refused_and_changes_nothing(
    dynamodb: Any, change: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(dynamodb.exceptions.ClientError, match=message) as refused:
        dynamodb.update_table(TableName=TABLE, **change)
    assert refused.value.response["Error"]["Code"] == code
    assert described(dynamodb) == (NEW | {"Status": "ACTIVE"}, NEW | {"Status": "ACTIVE"})
