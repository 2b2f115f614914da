"""Both transports behave alike: in order, several at once, errors as verdicts, never an exception."""

import json

import pytest

from tee_infra.aws.dynamodb import NoTableError, TransportName
from tee_infra.core.codec.raw_items import get_body, put_body, scan_body
from tee_infra.core.codec.responses import ResponseClass
from tests.support.services import connect, new_table

TRANSPORTS: list[TransportName] = ["raw", "botocore"]
over_each_wire = pytest.mark.parametrize(
    ("name", "wire"), [("raw", "tls"), ("raw", "plain"), ("botocore", "tls")], indirect=["wire"]
)


@over_each_wire
def test_replies_come_in_the_order_of_sending(wire: str, name: TransportName) -> None:
    dynamodb = connect(wire)
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


@over_each_wire
def test_a_refusal_is_a_verdict(wire: str, name: TransportName) -> None:
    lane = connect(wire).transport(name).lane(1)
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


def item(number: int) -> bytes:
    return f'{{"pk":{{"S":"p{number}"}},"sk":{{"S":"s"}}}}'.encode()
