"""A write whose answer is lost lands later, whatever happened to its item meanwhile."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from tee_infra.local import EmbeddedAws, send_control
from tests.local.clients import client, make_table

TABLE = "late"
SECONDS = 0.4
KEY = {"pk": {"S": "a"}}


@pytest.fixture
def patient(running: EmbeddedAws) -> Iterator[Any]:
    make_table(running, TABLE)
    yield client(running, "dynamodb")
    while send_control(running, "clear")["late_writes_waiting"]:
        time.sleep(0.02)
    client(running, "dynamodb").delete_table(TableName=TABLE)


@pytest.fixture
def once(running: EmbeddedAws, patient: Any) -> Any:  # the table
    """A client that sends each request once."""
    return boto3.client(
        "dynamodb",
        endpoint_url=running.endpoint,
        region_name=running.region,
        aws_access_key_id=running.access_key,
        aws_secret_access_key=running.secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def late(running: EmbeddedAws, percent: int = 100) -> dict[str, Any]:
    return send_control(running, "late", table=TABLE, percent=percent, seconds=SECONDS)


def item(dynamodb: Any) -> Any:
    return dynamodb.get_item(TableName=TABLE, Key=KEY).get("Item")


def becomes(dynamodb: Any, wanted: Any) -> bool:
    due = time.monotonic() + 10
    while item(dynamodb) != wanted and time.monotonic() < due:
        time.sleep(0.02)
    return item(dynamodb) == wanted


NEW = {**KEY, "n": {"N": "2"}}
SET = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}}
WRITES: dict[str, Callable[[Any], Any]] = {
    "put": lambda dynamodb: dynamodb.put_item(TableName=TABLE, Item=NEW),
    "update": lambda dynamodb: dynamodb.update_item(TableName=TABLE, Key=KEY, **SET),
    "delete": lambda dynamodb: dynamodb.delete_item(TableName=TABLE, Key=KEY),
    "batch": lambda dynamodb: dynamodb.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": NEW}}]}),
    "transaction": lambda dynamodb: dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": TABLE, "Item": NEW}}]
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_it_has_no_answer_and_lands_later(running: EmbeddedAws, patient: Any, once: Any, write: str) -> None:
    patient.put_item(TableName=TABLE, Item=KEY)
    assert late(running)["late"] == [{"table": TABLE, "percent": 100, "seconds": SECONDS}]
    with pytest.raises(ConnectionClosedError):
        WRITES[write](once)
    assert item(patient) == KEY
    cleared = send_control(running, "clear")  # ends the fault, not the write that is on its way
    assert (cleared["late"], cleared["late_writes_waiting"]) == ([], 1)
    assert becomes(patient, None if write == "delete" else NEW)


def test_it_lands_over_a_later_write(running: EmbeddedAws, patient: Any, once: Any) -> None:
    late(running)
    with pytest.raises(ConnectionClosedError):
        once.put_item(TableName=TABLE, Item=NEW)
    send_control(running, "clear")
    patient.put_item(TableName=TABLE, Item={**KEY, "n": {"N": "3"}})
    assert becomes(patient, NEW)


def test_its_condition_is_evaluated_when_it_lands(running: EmbeddedAws, patient: Any, once: Any) -> None:
    late(running)
    with pytest.raises(ConnectionClosedError):
        once.put_item(TableName=TABLE, Item=NEW, ConditionExpression="attribute_not_exists(pk)")
    send_control(running, "clear")
    patient.put_item(TableName=TABLE, Item=KEY)
    time.sleep(SECONDS + 0.1)
    assert item(patient) == KEY
    assert send_control(running, "clear")["late_writes_waiting"] == 0


def test_a_share_of_the_writes_and_no_read_is_late(running: EmbeddedAws, patient: Any) -> None:
    late(running, percent=50)
    for number in range(10):  # botocore repeats what has no answer
        patient.put_item(TableName=TABLE, Item={"pk": {"S": str(number)}})
    assert send_control(running, "clear")["late_writes_waiting"] > 0
    assert len(patient.scan(TableName=TABLE)["Items"]) == 10


def test_what_is_refused_is_refused_at_once(running: EmbeddedAws, patient: Any) -> None:
    late(running)
    with pytest.raises(patient.exceptions.ClientError, match="empty string"):
        patient.put_item(TableName=TABLE, Item={"pk": {"S": ""}})
