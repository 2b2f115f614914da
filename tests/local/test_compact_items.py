"""The embedded AWS answers as moto does, item by item: the same random requests to both."""

import base64
import hashlib
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.responses import BaseResponse
from moto.core.utils import convert_to_flask_response
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamRecord, StreamShard, Table
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tee_infra.local import EmbeddedAws, item_json
from tests.local.clients import client
from tests.support.checkout import ROOT
from tests.support.emulator import session

ALL, KEYS_ONLY = ({"ProjectionType": name} for name in ("ALL", "KEYS_ONLY"))
KEYS = [f"k{number}" for number in range(6)]
REPLACED = {
    Item.__init__: "INIT", Item.__deepcopy__: "COPY", Item.describe_attrs: "DESCRIBE", Item.size: "SIZE",
    Item.is_within_segment: "SEGMENT", Table.scan: "SCAN", Table.query: "QUERY", Table.all_items: "ALL",
    Table.put_item: "PUT", Table.delete_item: "DELETE", DynamoDBBackend.scan: "BSCAN", DynamoDBBackend.query: "BQUERY",
    StreamRecord.__init__: "RECORD", DynamoHandler.call_action: "CALL", DynamoHandler.scan: "HSCAN",
    DynamoHandler.query: "HQUERY", DynamoHandler.batch_write_item: "HBATCH", DynamoHandler.put_item: "HPUT",
    StreamShard.__init__: "SHARD", StreamShard.add: "ADD", StreamShard.to_json: "TOLD",
    DynamoDBBackend.update_item: "UPDATE", DynamoDBStreamsBackend.describe_stream: "STREAM",
    DynamoDBStreamsHandler.describe_stream: "HSTREAM", DynamoDBStreamsHandler.get_shard_iterator: "HITERATOR",
    DynamoDBStreamsHandler.get_records: "HRECORDS", ShardIterator.get: "RECORDS",
    DynamoHandler.parse_parameters: "PARSE", DynamoHandler.serialized: "SERIALIZED", DynamoType.size: "TSIZE",
    DynamoType.__hash__: "HASH", convert_to_flask_response.__call__: "FLASK", BaseResponse.dispatch: "DISPATCH",
}  # fmt: skip


@pytest.fixture(scope="module")
def pure_moto() -> Iterator[str]:
    """The tests' own moto is changed as the embedded AWS's is."""
    command = [sys.executable, "-m", "tests.support.pure_moto"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        yield served.stdout.readline().strip()
        served.communicate()


@pytest.fixture
def both(running: EmbeddedAws, pure_moto: str) -> Iterator[tuple[Any, Any]]:
    """A table in each, with an index and a stream."""
    clients = client(running, "dynamodb"), session().client("dynamodb", endpoint_url=pure_moto)
    for each in clients:
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        index = [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}]
        each.create_table(
            TableName="both", BillingMode="PAY_PER_REQUEST", KeySchema=keys,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                                  for name, kind in (("pk", "S"), ("sk", "N"), ("kind", "S"))],
            GlobalSecondaryIndexes=[{"IndexName": "by-kind", "KeySchema": index, "Projection": ALL},
                                    {"IndexName": "keys", "KeySchema": index, "Projection": KEYS_ONLY}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )  # fmt: skip
    yield clients
    for each in clients:
        each.delete_table(TableName="both")


def value(random: Random, depth: int = 0) -> dict[str, Any]:
    kinds: list[Any] = [
        lambda: {"S": random.choice(["", "a", "ü\n\"'", "null", '"B"', "x" * 300])},
        lambda: {"N": random.choice(["0", "-1.50", "1E5", "123456789012345678901234567890"])},
        lambda: {"BOOL": random.random() < 0.5}, lambda: {"NULL": True},
        lambda: {"B": random.randbytes(3)}, lambda: {"BS": [random.randbytes(2)]},
        lambda: {"SS": ["ü"]}, lambda: {"NS": ["2.5"]},  # of one: moto gives sets back in any order
        lambda: {"L": [value(random, depth + 1) for _ in range(random.randrange(3))]},
        lambda: {"M": {name: value(random, depth + 1) for name in random.sample("abc", 2)}},
    ]  # fmt: skip
    return random.choice(kinds[: 8 if depth > 2 else None])()


def key(random: Random) -> dict[str, Any]:
    return {"pk": {"S": random.choice(KEYS)}, "sk": {"N": random.choice(["1", "2", "10", "-3"])}}


def item(random: Random) -> dict[str, Any]:
    more = {random.choice("abcde"): value(random) for _ in range(random.randrange(4))}
    kind = {"kind": {"S": random.choice("xy")}} if random.random() < 0.7 else {}
    return {**more, **kind, **key(random)}


def call(random: Random) -> tuple[str, dict[str, Any]]:
    names = {"ExpressionAttributeNames": {"#a": random.choice("abc")}}
    start = {"ExclusiveStartKey": key(random)} if random.random() < 0.4 else {}
    limit = {"Limit": random.randrange(1, 5)} if random.random() < 0.5 else {}
    segments = random.choice([{}, {"Segment": 1, "TotalSegments": 3}])
    batch = {json.dumps(key(random)): None for _ in range(5)}
    puts = [{"PutRequest": {"Item": item(random) | json.loads(one)}} for one in batch]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("put_item", {"Item": item(random)}),
        ("put_item", {"Item": item(random), "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}),
        ("put_item", {"Item": item(random), "ConditionExpression": "attribute_not_exists(pk)"}),
        ("put_item", {"Item": {"pk": {"S": ""}, "sk": {"N": "1"}}}),
        ("put_item", {"Item": {"pk": {"S": "a"}, "sk": {"S": "1"}}}),
        ("put_item", {"Item": {"pk": {"S": "a"}}}),
        ("put_item", {"Item": key(random) | {"large": {"S": "x" * 410_000}}}),
        ("put_item", {"Item": key(random) | {"n": {"N": "nonsense"}}}),
        ("put_item", {"Item": key(random) | {"n": {"N": "1e200"}}}),
        ("put_item", {"Item": key(random) | {"n": {"SS": []}}}),
        ("batch_write_item", {"RequestItems": {"both": puts}}),
        ("batch_write_item", {"RequestItems": {"both": [{"DeleteRequest": {"Key": key(random)}}]}}),
        ("get_item", {"Key": key(random)}),
        ("get_item", {"Key": key(random), "ProjectionExpression": "#a, kind", **names}),
        ("batch_get_item", {"RequestItems": {"both": {"Keys": [json.loads(one) for one in batch]}}}),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": "both", "Key": key(random)}}]}),
        ("delete_item", {"Key": key(random), "ReturnValues": "ALL_OLD"}),
        ("update_item", {"Key": key(random), "UpdateExpression": "SET #a = :v", "ReturnValues": "ALL_NEW", **names,
                         "ExpressionAttributeValues": {":v": value(random)}}),
        ("update_item", {"Key": key(random), "UpdateExpression": "REMOVE kind SET #a = :v",
                         "ReturnValues": "UPDATED_OLD", **names, "ExpressionAttributeValues": {":v": value(random)}}),
        ("update_item", {"Key": key(random), "UpdateExpression": "ADD #a :v", "ReturnValues": "ALL_NEW", **names,
                         "ExpressionAttributeValues": {":v": {"N": "2"}}}),
        ("transact_write_items", {"TransactItems": [
            {"Put": {"TableName": "both", "Item": item(random)}},
            {"Put": {"TableName": "both", "Item": item(random), "ConditionExpression": "attribute_not_exists(pk)"}}]}),
        ("scan", {**start, **limit, **segments}), ("scan", {"Select": "COUNT"}),
        ("scan", {"IndexName": "by-kind", **limit}),
        ("scan", {"IndexName": "keys"}), ("scan", {"ReturnConsumedCapacity": "TOTAL", "ConsistentRead": True}),
        ("scan", {"FilterExpression": "attribute_exists(#a)", **names, **limit, **start}),
        ("scan", {"ProjectionExpression": "#a", **names}),
        ("scan", {"ScanFilter": {"kind": {"ComparisonOperator": "NULL"}}}),
        ("query", {"KeyConditionExpression": "pk = :p", **limit,
                   "ExpressionAttributeValues": {":p": key(random)["pk"]}}),
        ("query", {"KeyConditionExpression": "pk = :p AND sk > :s", "ScanIndexForward": random.random() < 0.5, **limit,
                   "ExpressionAttributeValues": {":p": key(random)["pk"], ":s": {"N": "1"}}}),
        ("query", {"KeyConditionExpression": "pk = :p", "ProjectionExpression": "#a", **names,
                   "ExpressionAttributeValues": {":p": key(random)["pk"]}}),
        ("query", {"IndexName": "by-kind", "KeyConditionExpression": "kind = :k", **limit,
                   "ExpressionAttributeValues": {":k": {"S": random.choice("xyz")}}}),
        ("query", {"IndexName": "keys", "KeyConditionExpression": "kind = :k AND pk > :p",
                   "ExpressionAttributeValues": {":k": {"S": "x"}, ":p": {"S": "k1"}}}),
        ("describe_table", {}),
    ]  # fmt: skip
    name, arguments = random.choice(calls)
    tables = {} if "RequestItems" in arguments or "TransactItems" in arguments else {"TableName": "both"}
    return name, tables | arguments


def answer(each: Any, name: str, arguments: dict[str, Any]) -> Any:
    try:
        said = getattr(each, name)(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]  # the messages of `item_refusals` are DynamoDB's own
    if name == "describe_table":
        return said["Table"]["ItemCount"]
    headers = said.pop("ResponseMetadata")["HTTPHeaders"]
    return said, headers.get("content-type")


@pytest.mark.parametrize("seed", range(4))
def test_every_request_has_the_answer_of_moto(both: tuple[Any, Any], seed: int) -> None:
    random = Random(seed)
    for step in range(120):
        name, arguments = call(random)
        embedded, moto = (answer(each, name, arguments) for each in both)
        assert embedded == moto, (step, name, arguments)


def test_streams_have_the_records_of_moto(both: tuple[Any, Any], running: EmbeddedAws, pure_moto: str) -> None:
    random = Random(7)
    for _ in range(60):
        name, arguments = call(random)
        for each in both:
            answer(each, name, arguments)

    def records(database: Any, streams: Any) -> list[Any]:
        stream = database.describe_table(TableName="both")["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
        start = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        found = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        assert len({record.pop("eventID") for record in found}) == len(found) > 0
        for record in found:
            record["dynamodb"].pop("ApproximateCreationDateTime")
            record["dynamodb"].pop("SizeBytes")
        return found

    embedded = records(both[0], client(running, "dynamodbstreams"))
    moto = records(both[1], session().client("dynamodbstreams", endpoint_url=pure_moto))
    numbers = [int(record["dynamodb"].pop("SequenceNumber")) for record in embedded]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert embedded == [record for record, after in zip(moto, [*moto[1:], None], strict=True) if counts(record, after)]


def counts(record: dict[str, Any], after: dict[str, Any] | None) -> bool:
    """Whether AWS writes moto's record: not for a write without a change, nor twice for an update that creates."""
    change = record["dynamodb"]
    change.pop("SequenceNumber")
    twice = after is not None and (record["eventName"], change["Keys"]) == ("INSERT", after["dynamodb"]["Keys"])
    return change.get("OldImage") != change.get("NewImage") and not (twice and after["eventName"] == "INSERT")


@pytest.mark.parametrize("seed", range(20))
def test_sizes_and_binary_values_are_as_moto_has_them(seed: int) -> None:
    random = Random(seed)
    attrs = {name: value(random) for name in ("a", "bü", "c", "d")}
    raw = item_json.encode(attrs)
    assert raw is not None
    assert item_json.decode(raw) == attrs
    typed = {name: DynamoType(one) for name, one in attrs.items()}
    assert item_json.encode(typed) == raw
    assert item_json.size(raw) == sum(len(name.encode()) + one.size() for name, one in typed.items())


@pytest.mark.parametrize("text", ["null", "B", "BS"])
def test_unusual_writes_are_parsed_by_moto(text: str) -> None:
    def parsed(attrs: Any) -> Any:
        return item_json.parse_writes("PutItem", json.dumps({"TableName": "t", "Item": attrs}).encode())

    assert parsed({"a": {"S": "x"}, "b": {"L": [{"M": {"c": {"N": "1"}}}]}}) is not None
    binary = base64.b64encode(b"x").decode()
    unusual: list[Any] = [
        {"a": {"B": binary}}, {"a": {"M": {"b": {"BS": [binary]}}}}, {"a": None}, {"a": {"S": None}}, {"a": {}},
        {"a": {"X": "1"}}, {"a": {"S": 1}}, {"a": {"N": 1}}, {"a": {"S": "x", "N": "1"}}, {"a": "x"}, [], "x",
        {"a": {"L": {"S": "x"}}}, {"a": {"M": [1]}}, {"a": {"L": [{"X": 1}]}}, {"a": {"NULL": True}},
    ]  # fmt: skip
    assert [parsed(attrs) for attrs in unusual] == [None] * len(unusual)
    assert item_json.parse_writes("PutItem", b"{") is None
    assert item_json.parse_writes("UpdateItem", b"{}") is None


def test_moto_is_the_one_that_was_changed() -> None:
    """On a failure compare the functions with those of the last version, then take the new digest."""
    assert version("moto") == "5.2.5"
    sources = "".join(inspect.getsource(function) for function in REPLACED)
    assert hashlib.sha256(sources.encode()).hexdigest()[:16] == "7d30db4dc01947cd"


def test_a_snapshot_with_objects_of_attributes_is_still_read() -> None:
    """In a process of its own, because moto's classes are changed for good."""
    code = (
        "import pickle; from tee_infra.local import compact_items\n"
        "from moto.dynamodb.models.dynamo_type import DynamoType, Item\n"
        "key = DynamoType({'S': 'a'})\n"
        "old = Item(key, None, {'pk': {'S': 'a'}, 'b': {'B': b'x'}, 'm': {'M': {'n': {'N': '1'}}}})\n"
        "raw, shown = pickle.dumps(old), old.to_json(); assert b'raw_attrs' not in raw; compact_items.apply()\n"
        "item = pickle.loads(raw); again = pickle.loads(pickle.dumps(item))\n"
        "assert again.attrs == item.attrs and again == item and item.to_json() == shown, (item.to_json(), shown)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
