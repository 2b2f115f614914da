"""A table is throttled with AWS's codes and reasons: a share of its requests, or those beyond its caps."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tee_infra.local import ControlRefusedError, EmbeddedAws, send_control
from tests.local.clients import make_table

NAMES = ("throttled", "free")
KEY = {"pk": {"S": "a"}}
PROVISIONED = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


@pytest.fixture
def dynamodb(running: EmbeddedAws) -> Iterator[Any]:
    """A client that sends each request once, and two tables."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=running.endpoint,
        region_name=running.region,
        aws_access_key_id=running.access_key,
        aws_secret_access_key=running.secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
    for name in NAMES:
        make_table(running, name)
    yield made
    send_control(running, "clear")
    for name in NAMES:
        made.delete_table(TableName=name)


def throttle(running: EmbeddedAws, percent: int | None = 100) -> dict[str, Any]:
    return send_control(running, "throttle", table="throttled", percent=percent)


def cap(dynamodb: Any, reads: int, writes: int) -> None:
    maximum = {"MaxReadRequestUnits": reads, "MaxWriteRequestUnits": writes}
    dynamodb.update_table(TableName="throttled", OnDemandThroughput=maximum)


SET = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
EQUALS = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
REQUESTS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "put": ("Write", lambda dynamodb, name: dynamodb.put_item(TableName=name, Item=KEY)),
    "update": ("Write", lambda dynamodb, name: dynamodb.update_item(TableName=name, Key=KEY, **SET)),
    "delete": ("Write", lambda dynamodb, name: dynamodb.delete_item(TableName=name, Key=KEY)),
    "batch write": (
        "Write",
        lambda dynamodb, name: dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": KEY}}]}),
    ),
    "get": ("Read", lambda dynamodb, name: dynamodb.get_item(TableName=name, Key=KEY)),
    "batch get": ("Read", lambda dynamodb, name: dynamodb.batch_get_item(RequestItems={name: {"Keys": [KEY]}})),
    "query": ("Read", lambda dynamodb, name: dynamodb.query(TableName=name, **EQUALS)),
    "scan": ("Read", lambda dynamodb, name: dynamodb.scan(TableName=name)),
}
TRANSACTIONS: dict[str, Callable[[Any, str], Any]] = {
    "write": lambda dynamodb, name: dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": each, "Item": KEY}} for each in ("free", name)]
    ),
    "read": lambda dynamodb, name: dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": each, "Key": KEY}} for each in ("free", name)]
    ),
}


def refusal(call: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call(*arguments)
    return refused.value.response


@pytest.mark.parametrize("request_kind", REQUESTS)
def test_a_throttled_request_has_the_reason_of_aws(running: EmbeddedAws, dynamodb: Any, request_kind: str) -> None:
    kind, call = REQUESTS[request_kind]
    cap(dynamodb, 1000, 1000)
    assert throttle(running)["throttled"] == [{"table": "throttled", "percent": 100}]
    response = refusal(call, dynamodb, "throttled")
    assert response["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    }
    arn = dynamodb.describe_table(TableName="throttled")["Table"]["TableArn"]
    assert response["throttlingReasons"] == [{"reason": f"Table{kind}MaxOnDemandThroughputExceeded", "resource": arn}]
    call(dynamodb, "free")
    send_control(running, "clear")
    call(dynamodb, "throttled")


@pytest.mark.parametrize("transaction", TRANSACTIONS)
def test_a_transaction_is_cancelled(running: EmbeddedAws, dynamodb: Any, transaction: str) -> None:
    throttle(running)
    response = refusal(TRANSACTIONS[transaction], dynamodb, "throttled")
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in response["CancellationReasons"]] == ["None", "ThrottlingError"]
    assert dynamodb.scan(TableName="free")["Count"] == 0
    send_control(running, "clear")
    TRANSACTIONS[transaction](dynamodb, "throttled")


def test_the_reason_follows_the_billing_mode(running: EmbeddedAws, dynamodb: Any) -> None:
    throttle(running)
    response = refusal(REQUESTS["put"][1], dynamodb, "throttled")
    assert response["throttlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    dynamodb.update_table(TableName="throttled", BillingMode="PROVISIONED", ProvisionedThroughput=PROVISIONED)
    response = refusal(REQUESTS["get"][1], dynamodb, "throttled")
    assert response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert response["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"


def test_of_a_batch_the_throttled_parts_are_unprocessed(running: EmbeddedAws, dynamodb: Any) -> None:
    throttle(running, 50)
    writes = [{"PutRequest": {"Item": {"pk": {"S": str(number)}, "b": {"B": b"x"}}}} for number in range(20)]
    free = [{"PutRequest": {"Item": {"pk": {"S": f"free{number}"}}}} for number in range(3)]
    rounds, left = 0, {"throttled": writes, "free": free}
    while left:
        answer = dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]
        assert sum(map(len, answer.values())) < sum(map(len, left.values()))
        left, rounds = answer, rounds + 1
        if sum(map(len, left.values())) == 1:
            send_control(running, "clear")  # a single one that is refused is an error
    assert rounds > 1
    assert dynamodb.scan(TableName="free")["Count"] == 3
    assert dynamodb.scan(TableName="throttled")["Count"] == 20
    throttle(running, 50)
    keys = [{"pk": {"S": str(number)}} for number in range(20)]
    answer = dynamodb.batch_get_item(RequestItems={"throttled": {"Keys": keys, "ConsistentRead": True}})
    found, unprocessed = answer["Responses"]["throttled"], answer["UnprocessedKeys"]["throttled"]
    assert unprocessed["ConsistentRead"] is True
    assert 0 < len(found) < 20
    assert {one["pk"]["S"] for one in [*found, *unprocessed["Keys"]]} == {str(number) for number in range(20)}


def test_without_a_share_what_exceeds_the_caps_is_throttled(running: EmbeddedAws, dynamodb: Any) -> None:
    with pytest.raises(ControlRefusedError, match="throttled has no maximum throughput"):
        throttle(running, None)
    cap(dynamodb, 1, 10)
    assert throttle(running, None)["throttled"] == [{"table": "throttled", "percent": None}]
    large = {**KEY, "text": {"S": "x" * 30_000}}
    dynamodb.put_item(TableName="throttled", Item=large)  # 30 units of 10
    assert refusal(REQUESTS["put"][1], dynamodb, "throttled")["Error"]["Code"] == "ThrottlingException"
    dynamodb.get_item(TableName="throttled", Key=KEY)
    response = refusal(REQUESTS["get"][1], dynamodb, "throttled")
    assert response["throttlingReasons"][0]["reason"] == "TableReadMaxOnDemandThroughputExceeded"


def test_a_write_within_the_caps_is_not_throttled(running: EmbeddedAws, dynamodb: Any) -> None:
    cap(dynamodb, -1, 40_000)
    throttle(running, None)
    for _ in range(20):
        dynamodb.put_item(TableName="throttled", Item=KEY)
        dynamodb.get_item(TableName="throttled", Key=KEY)
