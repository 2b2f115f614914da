"""Both transports behave alike: in order, several at once, errors as verdicts, never an exception."""

import json
import os

import boto3
import pytest

from tee_infra.aws.dynamodb import DynamoDb, NoTableError, TransportName
from tee_infra.aws.dynamodb_botocore import BotocoreTransport
from tee_infra.aws.dynamodb_raw import RawTransport
from tee_infra.core.codec.raw_items import get_body, put_body, scan_body
from tee_infra.core.codec.responses import ResponseClass
from tests.support.services import connect, new_table

TRANSPORTS: list[TransportName] = ["raw", "botocore"]


@pytest.mark.parametrize("name", TRANSPORTS)
def test_replies_come_in_the_order_of_sending(service: str, name: TransportName) -> None:
    dynamodb = connect(service)
    table = new_table(dynamodb)
    lane = dynamodb.transport(name).lane(3)
    try:
        for number in range(3):
            lane.send("BatchWriteItem", put_body(table, [item(number)]))
        assert [lane.receive().verdict for _ in range(3)] == [ResponseClass.DONE] * 3
        for number in range(3):
            lane.send("BatchGetItem", get_body(table, [item(number)]))
        assert lane.ready(5.0)
        found = [json.loads(lane.receive().body)["Responses"][table] for _ in range(3)]
        assert found == [[json.loads(item(number))] for number in range(3)]
    finally:
        lane.close()


@pytest.mark.parametrize("name", TRANSPORTS)
def test_a_refusal_is_a_verdict(service: str, name: TransportName) -> None:
    lane = connect(service).transport(name).lane(1)
    lane.send("Scan", scan_body("no-such-table"))
    reply = lane.receive()
    assert (reply.verdict, reply.code) == (ResponseClass.FATAL, "ResourceNotFoundException")
    lane.close()


@pytest.mark.parametrize("name", TRANSPORTS)
def test_nobody_there_is_transient(name: TransportName) -> None:
    lane = connect("http://127.0.0.1:9", seconds=0.5).transport(name).lane(2)
    lane.send("Scan", scan_body("t"))
    assert lane.ready(5.0)
    assert lane.receive().verdict is ResponseClass.TRANSIENT
    lane.close()


def test_twenty_six_items_are_too_many(dynamodb_local: str) -> None:
    dynamodb = connect(dynamodb_local)
    lane = dynamodb.transport().lane(1)
    lane.send("BatchWriteItem", put_body(new_table(dynamodb), [item(number) for number in range(26)]))
    assert lane.receive().code == "ValidationException"
    lane.close()


def test_facts_about_a_table(service: str) -> None:
    dynamodb = connect(service)
    table = dynamodb.table(new_table(dynamodb, "N", None))
    assert (table.key_names, table.key_types, table.indexes) == (("pk",), ("N",), 0)
    with pytest.raises(NoTableError, match="no table 'absent'"):
        dynamodb.table("absent")


def test_a_proxy_needs_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    dynamodb = DynamoDb(session)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    assert isinstance(dynamodb.transport(), RawTransport)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert isinstance(dynamodb.transport(), BotocoreTransport)
    assert isinstance(dynamodb.transport("raw"), RawTransport)


def item(number: int) -> bytes:
    return f'{{"pk":{{"S":"p{number}"}},"sk":{{"S":"s"}}}}'.encode()
