"""One table's stream, as a replication reads it.

Records are parsed here and not by botocore: only their keys are needed, and both images of an item cost ten times as
much. Source of the rules: "Change data capture for DynamoDB Streams" in DynamoDB's guide, and the reference of
`GetShardIterator`, `GetRecords` and `DescribeStream`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from tee_infra.aws.connection import AwsError, aws_errors, is_untrusted
from tee_infra.aws.pagination import PartialPageError, member, refuse_null_tokens
from tee_infra.core.codec.responses import ResponseClass, verdict_of
from tee_infra.core.cutover.requests import (
    Change,
    Children,
    Position,
    Records,
    Shard,
    Throttled,
    TimedOut,
)
from tee_infra.core.cutover.run import canonical_key
from tee_infra.core.cutover.sentinels import token_of
from tee_infra.errors import RefusedError

T = TypeVar("T")

STREAM_CONFIG: Final = Config(
    connect_timeout=5, read_timeout=10, max_pool_connections=32, retries={"total_max_attempts": 1, "mode": "standard"}
)
_YOUNG_SECONDS: Final = 23 * 3600.0
"""Records are kept for 24 hours; the rest is for clocks that differ."""
_TIP_SECONDS, _UNTOUCHED_SECONDS = 3.0, 0.5
"""How long a quiet shard is waited for; without a touch only others write to it."""
_TIP_POLL_SECONDS: Final = 0.1
_MOST_TOUCHED: Final = 50
_WRONG_IN_A_ROW: Final = 3
_OK: Final = 200
_TRIMMED: Final = "TrimmedDataAccessException"
"""DynamoDB Local says so of a shard without a record too."""
_GONE: Final = (_TRIMMED, "ResourceNotFoundException")
"""The records are, or the shard is: a shard is listed for as long as it has records."""


class StreamOffError(RefusedError):
    """The stream of a table that is replicated is off: changes have been lost, or will be."""

    def __init__(self, table: str, status: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: its stream is {status}, so changes cannot be followed. The table is unchanged",
            next="Switch its stream on, then run the same command again",
        )


class StreamError(AwsError):
    """DynamoDB Streams refused a request, or sent several replies that are not its own."""


class _Keyed(msgspec.Struct, rename="pascal"):
    keys: msgspec.Raw
    sequence_number: str


class _Record(msgspec.Struct):
    dynamodb: _Keyed


class _Page(msgspec.Struct, rename="pascal"):
    records: list[_Record]
    next_shard_iterator: str | None = None


_page = msgspec.json.Decoder(_Page).decode


@dataclass(slots=True)
class _Reader:
    """Where a shard is read: `iterator` continues after `after`. `wrong`: replies in a row that were not DynamoDB's."""

    after: str | None
    iterator: str | None
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class _Shard:
    name: Shard
    parent: str | None
    first: str
    last: str | None


@dataclass(slots=True)
class TableStream:
    """`client` is botocore's, made with `STREAM_CONFIG`. Safe for several threads, each with a shard of its own.

    Every method returns `Throttled` or `TimedOut` where a repetition helps, and raises `StreamError`,
    `StreamOffError`, `AwsError` where it does not.
    """

    client: Any
    arn: str
    table: str
    key_names: tuple[str, ...]
    _bodies: threading.local = field(default_factory=threading.local)
    _readers: dict[Shard, _Reader] = field(default_factory=dict["Shard", "_Reader"])
    _known: dict[Shard, _Shard] = field(default_factory=dict["Shard", "_Shard"])

    def __post_init__(self) -> None:
        refuse_null_tokens(self.client)
        self.client.meta.events.register_last("before-parse.dynamodb-streams.GetRecords", self._take_body)

    def position(self, touch: Callable[[int], object] | None = None) -> Position | Throttled | TimedOut:
        """Where the stream ends now. `touch` writes so many items to the table, so that quiet shards have a record.

        Its records come before every later scan. A shard without one within seconds is read from its oldest.
        """
        return self._answered("reading the position of", lambda: self._position(touch))

    def children(self, shard: Shard) -> Children | Throttled | TimedOut:
        """The shards that continue a closed one, none yet for some time after it was closed."""

        def find() -> Children:
            found = self._shards(ShardFilter={"Type": "CHILD_SHARDS", "ShardId": shard})
            return Children(tuple(each.name for each in found if each.parent == shard))

        return self._answered("listing the shards of", find)

    def records(self, shard: Shard, after: str | None) -> Records | Throttled | TimedOut:
        """The next page of a shard after a sequence number, or from its oldest record."""
        return self._answered("reading", lambda: self._records(shard, after))

    def _position(self, touch: Callable[[int], object] | None) -> Position:
        shards = self._shards()
        parents = {shard.parent for shard in shards}
        ends = [shard for shard in shards if shard.name not in parents]
        # A closed shard without children is continued by some that are not listed yet.
        found: dict[Shard, str | None] = {shard.name: shard.last for shard in ends}
        tips = {shard.name: self._iterator(shard.name, "LATEST") for shard in ends if shard.last is None}
        due = time.monotonic() + (_TIP_SECONDS if touch else _UNTOUCHED_SECONDS)
        while tips and time.monotonic() < due:
            if touch:
                touch(min(len(tips), _MOST_TOUCHED))
            for name in list(tips):
                page = self._tip_page(name, tips)
                if page.records:
                    found[name] = max((record.dynamodb.sequence_number for record in page.records), key=int)
                if page.records or page.next_shard_iterator is None:
                    del tips[name]
                else:
                    tips[name] = page.next_shard_iterator
            if tips:
                time.sleep(_TIP_POLL_SECONDS)
        return Position(found)

    def _tip_page(self, shard: Shard, tips: dict[Shard, str]) -> _Page:
        """What was written since the shard's end was found; it is found again where the service has lost it."""
        try:
            return self._get(tips[shard])[0]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != _TRIMMED:
                raise
            return _Page([], self._iterator(shard, "LATEST"))

    def _records(self, shard: Shard, after: str | None) -> Records | TimedOut:
        reader = self._readers.get(shard)
        if reader is None or reader.after != after:
            reader = self._readers[shard] = _Reader(after, None)
        whole = after is not None or reader.iterator is not None
        try:
            if reader.iterator is None:
                kind = "TRIM_HORIZON" if after is None else "AFTER_SEQUENCE_NUMBER"
                reader.iterator = self._iterator(shard, kind, after)
            page, now = self._get(reader.iterator)
            changes = tuple(self._change(record) for record in page.records)
            numbers = sorted((record.dynamodb.sequence_number for record in page.records), key=int)
        except ClientError as error:
            reader.iterator = None
            code = error.response.get("Error", {}).get("Code")
            if code == _TRIMMED and after is None and self._is_whole(shard, None, _time_of(error.response)):
                return Records()
            if code in _GONE:
                return Records(trimmed=True)
            if code == "ExpiredIteratorException":
                return TimedOut()
            raise
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, ValueError) as error:
            return self._wrong(reader, error)
        if not whole and not self._is_whole(shard, numbers[0] if numbers else None, now):
            reader.iterator = None
            return Records(trimmed=True)
        reached = max((*numbers, *([after] if after else ())), key=int, default=None)
        self._readers[shard] = _Reader(reached, page.next_shard_iterator)
        return Records(changes, reached, closed=page.next_shard_iterator is None)

    def _wrong(self, reader: _Reader, error: Exception) -> TimedOut:
        """A reply that is not DynamoDB's is asked for again, from where the shard was read before."""
        wrong = reader.wrong + 1
        reader.iterator, reader.wrong = None, wrong
        if wrong >= _WRONG_IN_A_ROW:
            reason = f"the reply is not DynamoDB's ({type(error).__name__}), {wrong} times"
            raise StreamError(f"GetRecords of {self.table}", reason)
        return TimedOut()

    def _is_whole(self, shard: Shard, first: str | None, now: float) -> bool:
        """Whether a shard that was read from its oldest record had lost none of them before."""
        if shard not in self._known:
            self._shards()
        known = self._known.get(shard)
        if known is None:
            return False
        created = _created(shard)
        return (created is not None and now - created < _YOUNG_SECONDS) or (
            first is not None and int(first) == int(known.first)
        )

    def _change(self, record: _Record) -> Change:
        key = canonical_key(record.dynamodb.keys, self.key_names)
        return Change(key, token_of(key, self.key_names[0]))

    def _get(self, iterator: str) -> tuple[_Page, float]:
        """A page, and AWS's time in seconds since 1970."""
        self._bodies.body = None
        answer = self.client.get_records(ShardIterator=iterator)
        return _page(self._bodies.body or b""), _time_of(answer)

    def _take_body(self, response_dict: dict[str, Any], **_: Any) -> None:
        if response_dict["status_code"] == _OK:
            self._bodies.body, response_dict["body"] = response_dict["body"], b'{"Records":[]}'

    def _iterator(self, shard: Shard, kind: str, number: str | None = None) -> str:
        after = {"SequenceNumber": number} if number is not None else {}
        reply = self.client.get_shard_iterator(StreamArn=self.arn, ShardId=shard, ShardIteratorType=kind, **after)
        return str(reply["ShardIterator"])

    def _shards(self, **chosen: Any) -> list[_Shard]:
        """Every shard, or those that a filter lets through. Raises `StreamOffError`, `PartialPageError`."""
        what = f"DescribeStream of {self.table}"
        found: dict[Shard, _Shard] = {}
        more: dict[str, str] = {}
        starts: set[str] = set()
        while True:
            stream = self.client.describe_stream(StreamArn=self.arn, **more, **chosen)["StreamDescription"]
            if stream["StreamStatus"] not in ("ENABLED", "ENABLING"):
                raise StreamOffError(self.table, str(stream["StreamStatus"]))
            found |= {shard["ShardId"]: _shard(shard) for shard in member(stream, "Shards", what)}
            last = stream.get("LastEvaluatedShardId")
            if not last:
                self._known |= found
                return list(found.values())
            if last in starts:
                raise PartialPageError(what, "an answer leads to an earlier one")
            starts.add(last)
            more = {"ExclusiveStartShardId": last}

    def _answered(self, what: str, call: Callable[[], T]) -> T | Throttled | TimedOut:
        with aws_errors(f"{what} the stream of {self.table}", StreamError):
            try:
                return call()
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                verdict = verdict_of(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0), code)
                if verdict is ResponseClass.THROTTLED:
                    return Throttled(code)
                if verdict is ResponseClass.TRANSIENT:
                    return TimedOut()
                raise
            except (HTTPClientError, NoConnectionError) as error:
                if is_untrusted(error):
                    raise
                return TimedOut()


def _shard(shard: Mapping[str, Any]) -> _Shard:
    numbers = shard["SequenceNumberRange"]
    return _Shard(
        str(shard["ShardId"]),
        shard.get("ParentShardId"),
        str(numbers["StartingSequenceNumber"]),
        numbers.get("EndingSequenceNumber"),
    )


def _created(shard: Shard) -> float | None:
    """When a shard was created, in seconds since 1970: `shardId-MILLISECONDS-HASH`. None: its name does not tell."""
    parts = shard.split("-")
    return int(parts[1]) / 1000 if len(parts) == 3 and parts[1].isdigit() else None  # noqa: PLR2004


def _time_of(answer: Mapping[str, Any]) -> float:
    """AWS's clock; this machine's where an emulator sends no date."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, ValueError):
        return datetime.now(UTC).timestamp()
