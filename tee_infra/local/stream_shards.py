"""The shards of moto's streams: they split, continue, close and lose their oldest records as DynamoDB's do.

moto 5.2.5 has one eternal shard per stream with the same id in every table, numbers records by their place in it, and
writes a record for a write that changes nothing and two for an update that creates an item. Here a shard has a range
of key hashes, and `moto`'s own shard of a table is the first one, which knows those that continue it. Sources: "Change
data capture for DynamoDB Streams" in DynamoDB's guide, and the reference of `GetShardIterator` and `DescribeStream`.
"""

import os
from bisect import bisect_left
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC
from functools import wraps
from itertools import pairwise
from typing import Any, Final

from moto.dynamodb.models.table import StreamRecord

from tee_infra.core.codec.digest import bucket_of, canonical
from tee_infra.local.clock import clock

RETENTION_SECONDS: Final = 24 * 3600.0
_HASHES: Final = 4096
"""Key hashes of `bucket_of`."""
_NUMBER, _CREATED = 5, 7
"""Their places in `StreamRecord.packed`."""


def apply(shard: Any, backend: Any) -> None:
    """Change moto's classes; after `stream_records`, which has the form of a record."""
    make, restore = shard.__init__, shard.__setstate__

    def make_first(self: Any, account_id: str, table: Any) -> None:
        make(self, account_id, table)
        self.id = _new_id()
        begin(self)

    def restore_shard(self: Any, state: dict[str, Any]) -> None:
        restore(self, state)
        if "next_number" not in state:  # of a snapshot in which every shard is the only one of its stream
            begin(self)
            self.next_number += len(self.items)

    shard.__init__, shard.__setstate__ = make_first, restore_shard
    shard.add, shard.to_json = add, describe
    backend.update_item = _one_record(backend.update_item)


def begin(first: Any) -> None:
    """Make moto's shard the first one of a stream. `merged` has the one change of a request that changes one item."""
    first.parent, first.trimmed, first.gone = None, 0, False
    first.end, first.closed_at = None, None
    first.low, first.high = 0, _HASHES
    first.later, first.merged = [], None
    first.next_number = first.starting_sequence_number


def of_stream(first: Any) -> list[Any]:
    """Every shard of a stream that still has records or may get some, parents before their children."""
    return [shard for shard in (first, *first.later) if not shard.gone]


def add(first: Any, old: Any, new: Any, by: dict[str, str] | None = None) -> None:
    """Write the record of a change; none if the item is the same. `by` is the user identity of a service."""
    if first.merged is not None:
        before = first.merged[0][0] if first.merged else old
        first.merged[:] = [(before, new)]
        return
    if old is None and new is None:
        return
    if old is not None and new is not None and _same(old.raw_json(), new.raw_json()):
        return
    kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    shard = first if not first.later else _owner(first, old if old is not None else new)
    view = first.table.stream_specification["StreamViewType"]
    record: Any = StreamRecord(first.table, view, kind, old, new, first.next_number)
    if by is not None:
        record.packed = (*record.packed, by)
    first.next_number += 1
    shard.items.append(record)
    if first.table.lambda_event_source_mappings:
        _deliver(first, shard)


def split(first: Any, parts: int) -> int:
    """Close every open shard, each continued by `parts` others. Return how many are open now."""
    opened: list[Any] = []
    for parent in end(first):
        bounds = [parent.low + (parent.high - parent.low) * part // parts for part in range(parts + 1)]
        for low, high in pairwise(bounds):
            if low == high:  # one hash cannot be split
                continue
            child: Any = object.__new__(type(parent))
            child.__dict__.update(account_id=parent.account_id, table=parent.table, created_on=parent.created_on)
            child.id, child.items, child.starting_sequence_number = _new_id(), [], first.next_number
            begin(child)
            child.parent, child.low, child.high = parent.id, low, high
            opened.append(child)
    first.later += opened
    return len(opened)


def end(first: Any) -> list[Any]:
    """Close every open shard, at a number of its own: it has an end without records too. Return them."""
    closed = [shard for shard in of_stream(first) if shard.end is None]
    for shard in closed:
        shard.end, shard.closed_at = first.next_number, clock.now()
        first.next_number += 1
    return closed


def trim(first: Any, *, before: float | None = None) -> int:
    """Forget the records that were created `before` this time, None: all; and closed shards then. Return how many."""
    forgotten = 0
    for shard in (first, *first.later):
        kept = [] if before is None else [record for record in shard.items if _created(record) >= before]
        if len(kept) < len(shard.items):
            forgotten += len(shard.items) - len(kept)
            shard.trimmed = number(shard.items[len(shard.items) - len(kept) - 1])
            shard.items = kept
        shard.gone = shard.closed_at is not None and (before is None or shard.closed_at < before)
    first.later = [shard for shard in first.later if not shard.gone]
    return forgotten


def forget_from(first: Any, position: int) -> None:
    """Forget the records from a sequence number on: of a transaction that was cancelled."""
    for shard in of_stream(first):
        del shard.items[bisect_left(shard.items, position, key=number) :]
    first.next_number = position


def trim_expired(first: Any) -> None:
    """Forget what DynamoDB keeps no longer. Looks at the oldest record of each shard only, unless it is too old."""
    oldest = clock.now() - RETENTION_SECONDS
    for shard in of_stream(first):
        if (shard.items and _created(shard.items[0]) < oldest) or (shard.closed_at or oldest) < oldest:
            trim(first, before=oldest)
            return


def read(shard: Any, position: int, limit: int) -> list[Any]:
    """The records from a sequence number on."""
    place = bisect_left(shard.items, position, key=number)
    return shard.items[place : place + limit]


def number(record: Any) -> int:
    """The sequence number of a record."""
    packed = record.__dict__.get("packed")
    return packed[_NUMBER] if packed is not None else int(record.record["dynamodb"]["SequenceNumber"])


def describe(shard: Any) -> dict[str, Any]:
    """As `DescribeStream` has it."""
    numbers = {"StartingSequenceNumber": str(shard.starting_sequence_number)}
    if shard.end is not None:
        numbers["EndingSequenceNumber"] = str(shard.end)
    return {"ShardId": shard.id, "SequenceNumberRange": numbers} | (
        {"ParentShardId": shard.parent} if shard.parent else {}
    )


@contextmanager
def one_record(first: Any) -> Generator[None]:
    """Write one record for all changes of one item meanwhile, from its first state to its last; nests."""
    if first is None or first.merged is not None:
        yield
        return
    first.merged = []
    try:
        yield
    finally:
        merged, first.merged = first.merged, None
        for old, new in merged:
            first.add(old, new)


def _one_record(update: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(update)
    def update_once(backend: Any, table_name: str, *arguments: Any, **named: Any) -> Any:
        with one_record(backend.get_table(table_name).stream_shard):
            return update(backend, table_name, *arguments, **named)

    return update_once


def _same(old: bytes, new: bytes) -> bool:
    return old == new or canonical(old) == canonical(new)


def _owner(first: Any, item: Any) -> Any:
    value = item.hash_key.value
    hashed = bucket_of(value if isinstance(value, bytes) else value.encode())
    return next(shard for shard in reversed(first.later) if shard.low <= hashed < shard.high and shard.end is None)


def _new_id() -> str:
    return f"shardId-{int(clock.now() * 1000):020d}-{os.urandom(4).hex()}"


def _created(record: Any) -> float:
    packed = record.__dict__.get("packed")
    if packed is not None:
        return packed[_CREATED]
    return record.record["dynamodb"]["ApproximateCreationDateTime"].replace(tzinfo=UTC).timestamp()


def _deliver(first: Any, shard: Any) -> None:
    """moto's own delivery to functions."""
    from moto.awslambda.utils import get_backend  # noqa: PLC0415  # imports all of Lambda

    done = None
    for arn, mapping in first.table.lambda_event_source_mappings.items():
        functions: Any = get_backend(first.account_id, arn.split(":")[3])
        done = functions.send_dynamodb_items(arn, shard.items, mapping.event_source_arn)
    if done:
        shard.items = []
