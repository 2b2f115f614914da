"""A record of moto's streams that shares the JSON of its items, and is written out when a client reads it."""

from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast

from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tee_infra.local import item_json
from tee_infra.local.clock import clock

_ids: Final = Random()  # noqa: S311  # of records, not of anything secret
"""A call to the system for the id of each record would let every other thread run."""


def apply(record: Any, shard: Any) -> None:
    """Change moto's classes."""
    write = record.__init__

    def make(self: Any, table: Any, *facts: Any) -> None:
        stream_type, event, old, new, number = facts
        keys = (old if old is not None else new).packed_keys()
        images = tuple(None if item is None else item.raw_json() for item in (old, new))
        names = (table.hash_key_attr, table.range_key_attr)
        self.packed = (names, stream_type, event, keys, images, number, _ids.randbytes(16), clock.now())

    def written(self: Any) -> dict[str, Any]:
        if "record" in self.__dict__:  # of a snapshot in which every record is written out
            return self.__dict__["record"]
        names, stream_type, event, keys, images, number, event_id, created, *by = self.packed
        table = SimpleNamespace(hash_key_attr=names[0], range_key_attr=names[1])
        old, new = (None if image is None else unpacked_item(keys, image) for image in images)
        out = cast("Any", SimpleNamespace())
        write(out, table, stream_type, event, old, new, number)
        out.record["eventID"] = event_id.hex()
        out.record["dynamodb"]["ApproximateCreationDateTime"] = datetime.fromtimestamp(created, UTC).replace(
            tzinfo=None
        )
        change = out.record["dynamodb"]  # moto's size is that of its JSON with the time of this reading in it
        parts = (item_json.encode(change.get(part, {})) for part in ("Keys", "NewImage", "OldImage"))
        change["SizeBytes"] = sum(item_json.size(part or b"{}") for part in parts)
        if by:
            out.record["userIdentity"] = by[0]
        return out.record

    def packed_shard(self: Any) -> dict[str, Any]:
        return self.__dict__ | {"items": [record.__dict__.get("packed") or record.record for record in self.items]}

    def unpack_shard(self: Any, state: dict[str, Any]) -> None:
        self.__dict__.update(state, items=[_unpacked(record, one) for one in state["items"]])

    record.__init__, record.record = make, property(written)
    record.__deepcopy__ = lambda self, _memo: self  # it never changes
    shard.__getstate__, shard.__setstate__ = packed_shard, unpack_shard


def unpacked_item(keys: tuple[Any, Any], raw: bytes) -> Any:
    """The item of these `(type, value)` keys, or none, and this JSON."""
    item = cast("Any", Item.__new__(Item))
    hash_key, range_key = (None if key is None else unpacked_key(key) for key in keys)
    item.__dict__.update(hash_key=hash_key, range_key=range_key, raw_attrs=raw)
    return item


def unpacked_key(key: tuple[str, Any]) -> DynamoType:
    """A key's value, from its type and value."""
    return DynamoType({key[0]: key[1]})


def _unpacked(record: Any, state: Any) -> Any:
    if isinstance(state, record):  # of a snapshot in which every record is an object
        return state
    made = record.__new__(record)
    made.__dict__["packed" if isinstance(state, tuple) else "record"] = state
    return made
