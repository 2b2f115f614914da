"""A table's stream, read shard by shard: what was lost is noticed, whatever the shard's age."""

import time
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from tee_infra.aws import streams
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.streams import TableStream
from tee_infra.core.cutover.requests import Children, Position, Records
from tee_infra.local import stream_shards
from tests.support.emulator import create_tables, reset, session

TABLE = "prod-tee-admin"
DAY = 25 * 3600


class Stream:
    """A table's stream, `reader`; and its shards as the service has them."""

    def __init__(self, endpoint: str) -> None:
        reset(endpoint)
        self.dynamodb = DynamoDb(session(), endpoint)
        create_tables(self.dynamodb, "prod")

    @property
    def first(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[TABLE].stream_shard

    def reader(self) -> TableStream:
        return self.dynamodb.stream(self.dynamodb.table(TABLE))

    def write(self, *names: str) -> None:
        for name in names:
            self.dynamodb.client.put_item(TableName=TABLE, Item={"pk": {"S": name}, "sk": {"S": "x"}})

    def split(self) -> list[str]:
        """The ids of the new shards."""
        stream_shards.split(self.first, 2)
        return [shard.id for shard in self.first.later if shard.end is None]


@pytest.fixture
def stream(moto_endpoint: str) -> Stream:
    return Stream(moto_endpoint)


def read(reader: TableStream, shard: str, after: str | None = None) -> Records:
    answer = reader.records(shard, after)
    assert isinstance(answer, Records)
    return answer


def names(records: Records) -> list[str]:
    return [change.key.decode().partition('"pk":{"S":"')[2].partition('"')[0] for change in records.changes]


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day passes, after which a shard may have lost its oldest records without an error."""
    monkeypatch.setattr(streams, "_time_of", lambda _answer: time.time() + DAY)


def test_a_shard_is_read_on_from_a_number_and_from_its_oldest_record(stream: Stream) -> None:
    stream.write("a", "b")
    reader, shard = stream.reader(), stream.first.id
    page = read(reader, shard)
    assert (names(page), page.closed, page.trimmed) == (["a", "b"], False, False)
    stream.write("c")
    assert names(read(reader, shard, page.after)) == ["c"]
    assert names(read(stream.reader(), shard, page.after)) == ["c"]


def test_a_closed_shard_ends_and_its_children_continue_it(stream: Stream) -> None:
    stream.write("a")
    reader, parent = stream.reader(), stream.first.id
    children = stream.split()
    stream.write(*map(str, range(8)))
    page = read(reader, parent)
    while not page.closed:
        page = read(reader, parent, page.after)
    assert reader.children(parent) == Children(tuple(children))
    assert sorted(name for child in children for name in names(read(reader, child))) == list(map(str, range(8)))


def test_a_number_whose_followers_are_gone_is_trimmed(stream: Stream) -> None:
    stream.write("a", "b")
    reader, shard = stream.reader(), stream.first.id
    after = read(reader, shard).after
    stream.write("c")
    stream_shards.trim(stream.first)
    stream.write("d")
    assert read(stream.reader(), shard, after).trimmed


def test_a_shard_that_is_gone_is_trimmed(stream: Stream) -> None:
    stream.write("a")
    reader, shard = stream.reader(), stream.first.id
    after = read(reader, shard).after
    stream.split()
    stream_shards.trim(stream.first)
    assert read(stream.reader(), shard, after).trimmed
    assert read(stream.reader(), shard).trimmed


def test_a_child_that_is_first_read_after_a_day_is_trimmed_unless_it_has_its_first_record(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = stream.split()
    stream.write(*map(str, range(8)))
    found = {child: read(stream.reader(), child) for child in children}
    assert not any(each.trimmed for each in found.values())  # young
    first = next(child for child, each in found.items() if "0" in names(each))
    later(monkeypatch)
    found = {child: read(stream.reader(), child) for child in children}
    assert {child for child, each in found.items() if each.trimmed} == set(children) - {first}
    stream_shards.trim(stream.first)
    stream.write(*map(str, range(8, 16)))
    assert all(read(stream.reader(), child).trimmed for child in children)


def test_an_empty_old_shard_proves_nothing(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = stream.first.id
    assert not read(stream.reader(), shard).trimmed
    later(monkeypatch)
    assert read(stream.reader(), shard).trimmed


def test_the_position_is_the_last_record_of_each_open_shard(stream: Stream) -> None:
    stream.write("before")
    touched: list[int] = []

    def touch(items: int) -> None:
        touched.append(items)
        stream.write("touch")

    position = stream.reader().position(touch)
    assert isinstance(position, Position)
    stream.write("after")
    (shard, number), reader = next(iter(position.shards.items())), stream.reader()
    assert touched == [1]
    assert names(read(reader, shard, number)) == ["after"]
