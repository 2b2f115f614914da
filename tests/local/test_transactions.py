"""A transaction that is cancelled leaves table and stream as they were, and whoever reads the stream reads on."""

from typing import Any

import pytest

from tests.support.emulator import reset, session


@pytest.fixture(params=[True, False], ids=["sort key", "no sort key"])
def table(request: pytest.FixtureRequest, moto_endpoint: str) -> tuple[Any, Any, bool]:
    reset(moto_endpoint)
    client, streams = (session().client(name, endpoint_url=moto_endpoint) for name in ("dynamodb", "dynamodbstreams"))
    names = ("pk", "sk") if request.param else ("pk",)
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return client, streams, request.param


def key(name: str, sorted_too: bool) -> dict[str, Any]:
    return {"pk": {"S": name}} | ({"sk": {"S": "x"}} if sorted_too else {})


def test_a_cancelled_transaction_changes_nothing_and_its_stream_is_read_on(table: tuple[Any, Any, bool]) -> None:
    client, streams, two = table
    for name in ("updated", "deleted", "replaced"):
        client.put_item(TableName="t", Item=key(name, two) | {"n": {"N": "1"}})
    before = client.scan(TableName="t")["Items"]
    arn = client.describe_table(TableName="t")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    update = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
    operations = [
        {"Put": {"TableName": "t", "Item": key("new", two)}},
        {"Put": {"TableName": "t", "Item": key("replaced", two)}},
        {"Update": {"TableName": "t", "Key": key("updated", two), **update}},
        {"Delete": {"TableName": "t", "Key": key("deleted", two)}},
    ]
    missing = {
        "TableName": "t",
        "Key": key("absent", two),
        "ConditionExpression": "attribute_exists(pk)",
    }
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[*operations, {"ConditionCheck": missing}])
    assert client.scan(TableName="t")["Items"] == before
    assert streams.get_records(ShardIterator=start)["Records"] == []
    client.transact_write_items(TransactItems=operations)
    found = streams.get_records(ShardIterator=start)["Records"]
    assert [each["eventName"] for each in found] == ["INSERT", "MODIFY", "MODIFY", "REMOVE"]
    assert {item["pk"]["S"] for item in client.scan(TableName="t")["Items"]} == {"new", "replaced", "updated"}
