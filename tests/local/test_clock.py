"""With the clock moved, items expire, stream records are trimmed and iterators end, as if the time had passed."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tee_infra.local import ControlRefusedError, EmbeddedAws, send_control
from tests.local.test_stream_shards import Table, refusal

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
BY_DYNAMODB = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@pytest.fixture
def table(running: EmbeddedAws) -> Iterator[Table]:
    made = Table(running, "expiring")
    made.dynamodb.update_time_to_live(
        TableName=made.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    yield made
    send_control(running, "reset")
    made.dynamodb.delete_table(TableName=made.name)


def move(table: Table, seconds: float) -> dict[str, Any]:
    return send_control(table.running, "move", seconds=seconds)


def keys(table: Table) -> set[str]:
    return {item["pk"]["S"] for item in table.dynamodb.scan(TableName=table.name)["Items"]}


def test_items_whose_time_has_passed_are_deleted_by_dynamodb(table: Table) -> None:
    now = int(time.time())
    kept = {
        "later": {"N": str(now + 3 * DAY)},
        "text": {"S": str(now)},
        "years ago": {"N": str(now - 6 * YEAR)},
        "milliseconds": {"N": str(now * 1000)},
        "map": {"M": {"until": {"N": str(now)}}},
    }
    gone = {"past": {"N": str(now - DAY)}, "soon": {"N": str(now + 48 * HOUR)}, "fraction": {"N": f"{now - 1}.5"}}
    for name, until in (kept | gone).items():
        table.put(name, until=until)
    table.put("without")
    assert move(table, 0)["expired_items"] == 2
    assert move(table, 49 * HOUR)["expired_items"] == 1
    assert keys(table) == {*kept, "without"}
    records = table.records(table.shards()[0]["ShardId"])
    assert {record["dynamodb"]["Keys"]["pk"]["S"] for record in records} == {"soon"}  # the others are older than a day
    (record,) = records
    assert (record["eventName"], record["userIdentity"]) == ("REMOVE", BY_DYNAMODB)
    assert record["dynamodb"]["OldImage"] == {"pk": {"S": "soon"}, "until": gone["soon"]}
    table.dynamodb.delete_item(TableName=table.name, Key={"pk": {"S": "later"}})
    *_, last = table.records(table.shards()[0]["ShardId"])
    assert "userIdentity" not in last


def test_a_table_without_time_to_live_keeps_its_items(table: Table) -> None:
    table.dynamodb.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"Enabled": False, "AttributeName": "until"}
    )
    table.put("past", until={"N": "1"})
    table.put("now", until={"N": str(int(time.time()))})
    assert move(table, DAY)["expired_items"] == 0
    assert keys(table) == {"past", "now"}


def test_records_are_trimmed_after_a_day_and_iterators_end_after_a_quarter_of_an_hour(table: Table) -> None:
    table.put("a")
    shard = table.shards()[0]["ShardId"]
    (number,) = (record["dynamodb"]["SequenceNumber"] for record in table.records(shard))
    iterator = table.iterator(shard)
    move(table, 14 * 60)
    assert len(table.get(iterator)[0]) == 1
    move(table, 2 * 60)
    assert refusal(table.get, iterator) == "ExpiredIteratorException"
    move(table, 23 * HOUR)
    assert len(table.records(shard)) == 1
    table.put("b")
    move(table, 2 * HOUR)
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in table.records(shard)] == ["b"]
    after = ("AFTER_SEQUENCE_NUMBER",)
    assert refusal(table.iterator, shard, *after, SequenceNumber=number) == "TrimmedDataAccessException"
    send_control(table.running, "split", table=table.name, parts=1)
    move(table, 25 * HOUR)
    assert [one["ParentShardId"] for one in table.shards()] == [shard]
    assert refusal(table.iterator, shard) == "ResourceNotFoundException"


def test_every_answer_has_its_time(table: Table) -> None:
    def ahead() -> float:
        answer = table.dynamodb.get_item(TableName=table.name, Key={"pk": {"S": "a"}})
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp() - time.time()

    assert abs(ahead()) < 10
    move(table, 49 * HOUR)
    assert abs(ahead() - 49 * HOUR) < 10
    assert move(table, HOUR)["ahead_seconds"] == 50 * HOUR
    assert abs(ahead() - 50 * HOUR) < 10
    with pytest.raises(ControlRefusedError, match="more than 10 years ahead"):
        move(table, 10 * YEAR)
    assert send_control(table.running, "reset")["ahead_seconds"] == 0
    assert abs(ahead()) < 10
