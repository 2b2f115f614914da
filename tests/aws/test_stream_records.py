"""Whether somebody has written to a table lately, by its stream; what the stream does not say is unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.stream_records import StreamRecords
from tee_infra.core.unreadable import Unreadable
from tests.support.emulator import create_tables, reset, session
from tests.support.homes import Moto

AT = datetime(2026, 12, 1, tzinfo=UTC)
EXPIRY = {"userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}


def record(minutes: int = 0, **more: Any) -> dict[str, Any]:
    return {"dynamodb": {"ApproximateCreationDateTime": AT + timedelta(minutes=minutes)}, **more}


class Stream:
    """A client: shard -> its pages of records; a closed shard ends with its last one."""

    def __init__(self, shards: dict[str, list[list[Any]]], *, closed: bool = False, status: str = "ENABLED") -> None:
        self.shards, self.closed, self.status = shards, closed, status
        self.begun: list[str] = []

    def describe_stream(self, **request: Any) -> Any:
        names = list(self.shards)
        first = names.index(request["ExclusiveStartShardId"]) + 1 if "ExclusiveStartShardId" in request else 0
        page = [{"ShardId": name} for name in names[first : first + 1]]
        last = {"LastEvaluatedShardId": names[first]} if first + 1 < len(names) else {}
        return {"StreamDescription": {"StreamStatus": self.status, "Shards": page, **last}}

    def get_shard_iterator(self, **request: Any) -> Any:
        self.begun.append(request["ShardIteratorType"])
        return {"ShardIterator": f"{request['ShardId']} 0"}

    def get_records(self, **request: Any) -> Any:
        shard, page = request["ShardIterator"].split()
        pages = self.shards[shard]
        at = int(page)
        more = {} if self.closed and at + 1 >= len(pages) else {"NextShardIterator": f"{shard} {at + 1}"}
        return {"Records": pages[at] if at < len(pages) else [], **more}


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    ("shards", "newest"),
    [
        ({}, None),
        ({"a": []}, None),
        ({"a": [[]], "b": [[record(EXPIRY=1, **EXPIRY)]]}, None),
        ({"a": [[]], "b": [[], [], [record(5), record(3)]]}, AT + timedelta(minutes=5)),
        ({"a": [[record(9)]], "b": [[record(**EXPIRY)], [record(2)]]}, AT + timedelta(minutes=9)),
    ],
)
def test_the_newest_write_of_somebody_is_found_in_any_shard(
    shards: dict[str, list[list[Any]]], newest: datetime | None, *, closed: bool
) -> None:
    client = Stream({name: pages or [[]] for name, pages in shards.items()}, closed=closed)
    assert StreamRecords(client).newest("arn") == newest
    assert set(client.begun) <= {"TRIM_HORIZON"}


@pytest.mark.parametrize("status", ["DISABLED", "DISABLING", "ENABLING"])
def test_a_stream_that_is_not_on_tells_nothing(status: str) -> None:
    assert isinstance(StreamRecords(Stream({"a": [[]]}, status=status)).newest("arn"), Unreadable)


def test_a_shard_without_end_tells_nothing() -> None:
    client = Stream({"a": [[record(**EXPIRY)]] * 1_001})
    assert isinstance(StreamRecords(client).newest("arn"), Unreadable)


def test_a_real_stream(moto_endpoint: str) -> None:
    reset(moto_endpoint)
    dynamodb = DynamoDb(session(), moto_endpoint)
    create_tables(dynamodb, "prod")
    arn = dynamodb.client.describe_table(TableName="prod-tee-admin")["Table"]["LatestStreamArn"]
    streams = StreamRecords.connect(Moto(endpoint=moto_endpoint))
    assert streams.newest(arn) is None
    dynamodb.client.put_item(TableName="prod-tee-admin", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    found = streams.newest(arn)
    assert isinstance(found, datetime)
    assert abs(datetime.now(UTC) - found) < timedelta(minutes=5)
    assert isinstance(streams.newest(arn.replace("prod-tee-admin", "none")), Unreadable)
