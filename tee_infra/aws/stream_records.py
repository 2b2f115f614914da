"""The newest record of a table's stream, which keeps records for 24 hours."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Self

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.pagination import member
from tee_infra.core.unreadable import Unreadable

_EMPTY_IN_A_ROW: Final = 5
"""An empty page is not the end of an open shard, so one is no proof."""
_MOST_PAGES: Final = 1_000
_EXPIRY: Final = "dynamodb.amazonaws.com"
"""The identity under which DynamoDB deletes expired items (its developer guide, "DynamoDB Streams and TTL")."""


class StreamRecords:
    """The streams of one account and region, through botocore's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The streams at `connection`. Sends no request yet."""
        with aws_errors("opening DynamoDB Streams"):
            return cls(connection.session().client("dynamodbstreams", endpoint_url=connection.endpoint))

    def newest(self, arn: str) -> datetime | Unreadable | None:
        """When a client wrote a record, the newest that is found first; None: the stream has none.

        Deletions of expired items are DynamoDB's own and do not count.
        """
        try:
            with aws_errors(f"reading the stream {arn}"):
                found = [moment for shard in self._shards(arn) for moment in self._first(arn, shard)]
        except AwsError as error:
            return Unreadable(reason=error.message)
        return max(found, default=None)

    def _shards(self, arn: str) -> Iterator[str]:
        more: dict[str, str] = {}
        while True:
            stream = self._client.describe_stream(StreamArn=arn, **more)["StreamDescription"]
            if stream["StreamStatus"] != "ENABLED":
                raise AwsError(f"reading the stream {arn}", f"it is {stream['StreamStatus']}")
            shards = member(stream, "Shards", f"the shards of {arn}")
            yield from (shard["ShardId"] for shard in shards)
            last = stream.get("LastEvaluatedShardId")
            if not last or last == more.get("ExclusiveStartShardId"):
                return
            more = {"ExclusiveStartShardId": last}

    def _first(self, arn: str, shard: str) -> list[datetime]:
        """The times of the first page of a shard that has records of a client."""
        reply = self._client.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        iterator, empty = reply["ShardIterator"], 0
        for _ in range(_MOST_PAGES):
            if not iterator or empty >= _EMPTY_IN_A_ROW:
                return []
            page = self._client.get_records(ShardIterator=iterator)
            records = page["Records"]
            if written := [_time_of(record) for record in records if not _is_expiry(record)]:
                return written
            empty = 0 if records else empty + 1
            iterator = page.get("NextShardIterator")
        raise AwsError(f"reading the stream {arn}", f"{shard} does not end after {_MOST_PAGES} pages")


def _is_expiry(record: dict[str, Any]) -> bool:
    return (record.get("userIdentity") or {}).get("PrincipalId") == _EXPIRY


def _time_of(record: dict[str, Any]) -> datetime:
    return record["dynamodb"]["ApproximateCreationDateTime"].astimezone(UTC)
