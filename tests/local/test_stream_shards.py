"""Streams of the embedded AWS through the public API: what changes is recorded, shards split, close and are trimmed."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tee_infra.local import ControlRefusedError, EmbeddedAws, send_control
from tests.local.clients import client, make_table

VIEW = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class Table:
    """A table with a stream, and what a consumer reads of it."""

    def __init__(self, running: EmbeddedAws, name: str) -> None:
        self.running, self.name = running, name
        self.dynamodb, self.streams = client(running, "dynamodb"), client(running, "dynamodbstreams")
        make_table(running, name, StreamSpecification=VIEW)
        self.arn = self.dynamodb.describe_table(TableName=name)["Table"]["LatestStreamArn"]

    def put(self, key: str, **attributes: Any) -> None:
        self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": key}, **attributes})

    def shards(self, **chosen: Any) -> list[dict[str, Any]]:
        return self.streams.describe_stream(StreamArn=self.arn, **chosen)["StreamDescription"]["Shards"]

    def iterator(self, shard: str, kind: str = "TRIM_HORIZON", **more: str) -> str:
        given = {"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": kind, **more}
        return self.streams.get_shard_iterator(**given)["ShardIterator"]

    def get(self, iterator: str, **more: Any) -> tuple[list[dict[str, Any]], str | None]:
        answer = self.streams.get_records(ShardIterator=iterator, **more)
        return answer["Records"], answer.get("NextShardIterator")

    def records(self, shard: str) -> list[dict[str, Any]]:
        return self.get(self.iterator(shard))[0]

    def all(self) -> list[tuple[str, str]]:
        found = [record for shard in self.shards() for record in self.records(shard["ShardId"])]
        return [(record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"]) for record in found]

    def control(self, action: str, **arguments: Any) -> dict[str, Any]:
        return send_control(self.running, action, table=self.name, **arguments)


@pytest.fixture
def table(running: EmbeddedAws) -> Iterator[Table]:
    made = Table(running, "sharded")
    yield made
    made.dynamodb.delete_table(TableName=made.name)


def refusal(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **named)
    return refused.value.response["Error"]["Code"]


FIRST = {"pk": {"S": "a"}, "n": {"N": "1.0"}, "s": {"SS": ["x", "y"]}}
SAME = {"s": {"SS": ["y", "x"]}, "n": {"N": "1"}, "pk": {"S": "a"}}
HERE = {"TableName": "sharded", "Key": {"pk": {"S": "a"}}}
EXISTS = {"ConditionExpression": "attribute_exists(pk)"}
UNCHANGING: dict[str, tuple[str, dict[str, Any]]] = {
    "a put of the same item": ("put_item", {"TableName": "sharded", "Item": FIRST}),
    "in another spelling": ("put_item", {"TableName": "sharded", "Item": SAME}),
    "an update to the same value": (
        "update_item",
        {**HERE, "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}},
    ),
    "an update that removes nothing": (
        "update_item",
        {**HERE, "UpdateExpression": "REMOVE absent"},
    ),
    "a delete of nothing": ("delete_item", {"TableName": "sharded", "Key": {"pk": {"S": "absent"}}}),
    "in a transaction": (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "sharded", "Item": SAME}}]},
    ),
    "a transaction that is refused": (
        "transact_write_items",
        {
            "TransactItems": [
                {"Put": {"TableName": "sharded", "Item": {"pk": {"S": "b"}}}},
                {"ConditionCheck": {"TableName": "sharded", "Key": {"pk": {"S": "c"}}, **EXISTS}},
            ]
        },
    ),
    "a refused update": (
        "update_item",
        {**HERE, "UpdateExpression": "SET b = :b", "ExpressionAttributeValues": {":b": {"SS": []}}},
    ),
}


@pytest.mark.parametrize("case", UNCHANGING)
def test_a_write_that_changes_nothing_has_no_record(table: Table, case: str) -> None:
    table.dynamodb.put_item(TableName=table.name, Item=FIRST)
    table.control("split", parts=2)
    operation, arguments = UNCHANGING[case]
    with suppress(ClientError):
        getattr(table.dynamodb, operation)(**arguments)
    assert table.all() == [("INSERT", "a")]


def test_an_update_that_creates_an_item_has_one_record(table: Table) -> None:
    update = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    table.dynamodb.update_item(TableName=table.name, Key={"pk": {"S": "a"}}, **update)
    (record,) = table.records(table.shards()[0]["ShardId"])
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", {"pk": {"S": "a"}, "n": {"N": "1"}})
    assert record["dynamodb"]["SizeBytes"] == 8  # names and values of the keys and the new image


def test_a_split_shard_ends_and_its_children_have_what_follows(table: Table) -> None:
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        table.put(key)
    (parent,) = (shard["ShardId"] for shard in table.shards())
    early = table.iterator(parent, "LATEST")
    assert table.control("split", parts=2) == {"open_shards": 2}
    for key in keys:
        table.put(key, n={"N": "1"})
    closed, *children = table.shards()
    last = int(closed["SequenceNumberRange"]["EndingSequenceNumber"])
    assert closed["ShardId"] == parent
    assert table.shards(ShardFilter={"Type": "CHILD_SHARDS", "ShardId": parent}) == children
    assert table.shards(ShardFilter={"Type": "CHILD_SHARDS", "ShardId": children[0]["ShardId"]}) == []
    assert [child["ParentShardId"] for child in children] == [parent, parent]
    assert all("EndingSequenceNumber" not in child["SequenceNumberRange"] for child in children)
    assert all(int(child["SequenceNumberRange"]["StartingSequenceNumber"]) > last for child in children)
    records, following = table.get(table.iterator(parent))
    assert ([record["eventName"] for record in records], following) == (["INSERT"] * 20, None)
    assert table.get(early) == ([], None)
    halves = [{record["dynamodb"]["Keys"]["pk"]["S"] for record in table.records(one["ShardId"])} for one in children]
    assert halves[0] | halves[1] == set(keys)
    assert all(halves)
    assert not halves[0] & halves[1]
    assert table.control("split", parts=1) == {"open_shards": 2}
    assert table.control("split", parts=2) == {"open_shards": 4}


def test_a_closed_shard_is_read_to_its_end_page_by_page(table: Table) -> None:
    for number in range(5):
        table.put(f"k{number}")
    table.control("split", parts=1)
    iterator, pages = table.iterator(table.shards()[0]["ShardId"]), []
    while iterator is not None:
        records, iterator = table.get(iterator, Limit=2)
        pages.append(len(records))
    assert pages == [2, 2, 1]


def test_what_is_trimmed_cannot_be_reached(table: Table) -> None:
    table.put("a")
    table.put("b")
    shard = table.shards()[0]["ShardId"]
    first, second = (record["dynamodb"]["SequenceNumber"] for record in table.records(shard))
    before = {
        "TRIM_HORIZON": table.iterator(shard),
        "AFTER_SEQUENCE_NUMBER": table.iterator(shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=first),
        "LATEST": table.iterator(shard, "LATEST"),
    }
    table.control("split", parts=1)
    assert table.control("trim") == {"trimmed_records": 2}
    assert len(table.shards()) == 1  # a closed shard goes with its records
    assert refusal(table.iterator, shard) == "ResourceNotFoundException"
    assert refusal(table.get, before["LATEST"]) == "ResourceNotFoundException"
    open_shard = table.shards()[0]["ShardId"]
    assert table.shards()[0]["ParentShardId"] == shard
    table.put("c")
    horizon, latest = table.iterator(open_shard), table.iterator(open_shard, "LATEST")
    (number,) = (record["dynamodb"]["SequenceNumber"] for record in table.get(horizon)[0])
    table.control("trim")
    table.put("d")
    assert refusal(table.get, horizon) == "TrimmedDataAccessException"
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        refused = refusal(table.iterator, open_shard, kind, SequenceNumber=number)
        assert refused == "TrimmedDataAccessException"
        assert refusal(table.iterator, open_shard, kind, SequenceNumber=second) == "ValidationException"
    for iterator in (latest, table.iterator(open_shard)):
        assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in table.get(iterator)[0]] == ["d"]


def test_a_stream_that_was_switched_off_is_read_to_its_end(table: Table) -> None:
    table.put("a")
    ended = table.arn
    table.dynamodb.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": False})
    table.put("b")
    with pytest.raises(ControlRefusedError, match="stream of sharded is off"):
        table.control("split", parts=2)
    described = table.streams.describe_stream(StreamArn=ended)["StreamDescription"]
    assert (described["StreamStatus"], described["StreamViewType"]) == ("DISABLED", "NEW_AND_OLD_IMAGES")
    records, following = table.get(table.iterator(described["Shards"][0]["ShardId"]))
    assert ([record["eventName"] for record in records], following) == (["INSERT"], None)
    table.dynamodb.update_table(TableName=table.name, StreamSpecification=VIEW)
    table.arn = table.dynamodb.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    assert table.arn != ended
    table.put("c")
    assert table.all() == [("INSERT", "c")]


def test_shards_are_listed_in_pages(table: Table) -> None:
    for _ in range(3):
        table.control("split", parts=1)
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = table.streams.describe_stream(StreamArn=table.arn, Limit=3, **more)["StreamDescription"]
        found += [shard["ShardId"] for shard in page["Shards"]]
        if "LastEvaluatedShardId" not in page:
            break
        more = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}
    assert found == [shard["ShardId"] for shard in table.shards()]
    assert len(found) == 4


def test_what_does_not_exist_is_an_error_of_aws(table: Table) -> None:
    shard = table.shards()[0]["ShardId"]
    assert refusal(table.streams.describe_stream, StreamArn=table.arn + "0") == "ResourceNotFoundException"
    assert refusal(table.iterator, "shardId-00000000000000000000-00000000") == "ResourceNotFoundException"
    assert refusal(table.get, "nonsense") == "ValidationException"
    assert refusal(table.iterator, shard, "AT_SEQUENCE_NUMBER", SequenceNumber="1" * 21) == "ValidationException"
    with pytest.raises(ControlRefusedError, match=r"there is no table absent\. Nothing was changed"):
        send_control(table.running, "trim", table="absent")
