"""Raw items: slices of DynamoDB JSON whose values are never decoded.

A `RawItem` is the JSON text of one item, `{"pk":{"S":"MEMBER#1"},"n":{"N":"42"}}`, as a bytes-like object. A Scan
reply is sliced (`msgspec.Raw` points into the page) and joined into BatchWriteItem bodies, so a 38-digit
number, an empty list in a map or a nested binary is written byte for byte as it was read.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

RawItem: TypeAlias = msgspec.Raw | bytes
RawValue: TypeAlias = msgspec.Raw | bytes
"""One attribute value with its type: `{"S":"Ann"}`."""

BATCH_ITEMS: Final = 25
BATCH_KEYS: Final = 100
# The service refuses requests over 16 MB; the difference is room for the JSON around the items.
BATCH_BYTES: Final = 16 * 1000 * 1000 - 64 * 1024


class Page(NamedTuple):
    """One page of Scan.

    `last_key` is the raw LastEvaluatedKey, empty after the last page. `units` are the read units it consumed,
    `size` its bytes.
    """

    items: list[msgspec.Raw]
    last_key: bytes
    units: float
    size: int


class Unwritten(NamedTuple):
    """A BatchWriteItem reply: the items not written, and the write units consumed."""

    items: list[msgspec.Raw]
    units: float


class FoundItems(NamedTuple):
    """A BatchGetItem reply: items, unprocessed keys, and the read units consumed."""

    items: list[msgspec.Raw]
    unprocessed_keys: list[msgspec.Raw]
    units: float


def parse_page(body: bytes) -> Page:
    """Slice a Scan reply. Raises `msgspec.DecodeError` for any other text."""
    reply = _scan_reply.decode(body)
    return Page(reply.items, bytes(reply.last_evaluated_key), _units(reply.consumed_capacity), len(body))


def scan_body(
    table: str,
    *,
    segment: int = 0,
    segments: int = 1,
    start: bytes = b"",
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """A Scan request for one of `segments`, from the raw key `start`; `extra` adds members (a filter, a limit)."""
    members: dict[str, Any] = {"TableName": table, "ReturnConsumedCapacity": "TOTAL", **(extra or {})}
    if segments > 1:
        members |= {"Segment": segment, "TotalSegments": segments}
    if start:
        members["ExclusiveStartKey"] = msgspec.Raw(start)
    return msgspec.json.encode(members)


def put_body(table: str, items: Sequence[RawItem]) -> bytes:
    """A BatchWriteItem request that puts up to 25 items."""
    head = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:[{"PutRequest":{"Item":' % json.dumps(table).encode()
    return b"".join((head, b'}},{"PutRequest":{"Item":'.join(items), b"}}]}}"))


def parse_unwritten(body: bytes) -> Unwritten:
    """Slice a BatchWriteItem reply of puts to one table."""
    reply = _write_reply.decode(body)
    items = [request.put_request.item for requests in reply.unprocessed_items.values() for request in requests]
    return Unwritten(items, sum(capacity.capacity_units for capacity in reply.consumed_capacity or ()))


def put_new_body(table: str, item: RawItem, key_name: str) -> bytes:
    """A PutItem request that does nothing if an item with the key exists. `key_name` is the partition key's."""
    members = {
        "TableName": table,
        "Item": msgspec.Raw(item),
        "ConditionExpression": "attribute_not_exists(#k)",
        "ExpressionAttributeNames": {"#k": key_name},
    }
    return msgspec.json.encode(members)


def parse_nothing(body: bytes) -> bool:
    """For replies without content: True for any JSON object."""
    msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return True


def get_body(table: str, keys: Iterable[RawItem]) -> bytes:
    """A BatchGetItem request for up to 100 keys, strongly consistent."""
    head = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:{"ConsistentRead":true,"Keys":[' % (
        json.dumps(table).encode()
    )
    return b"".join((head, b",".join(keys), b"]}}}"))


def parse_found(body: bytes) -> FoundItems:
    """Slice a BatchGetItem reply from one table."""
    reply = _get_reply.decode(body)
    items = [item for found in reply.responses.values() for item in found]
    keys = [key for unprocessed in reply.unprocessed_keys.values() for key in unprocessed.keys]
    return FoundItems(items, keys, sum(capacity.capacity_units for capacity in reply.consumed_capacity or ()))


def attributes(item: RawItem) -> dict[str, msgspec.Raw]:
    """The attributes of an item by name, their values still raw."""
    return _attributes.decode(item)


def join_attributes(values: Mapping[str, RawValue]) -> bytes:
    """The raw item with these attributes, in this order."""
    pairs = [json.dumps(name).encode() + b":" + bytes(value) for name, value in values.items()]
    return b"{" + b",".join(pairs) + b"}"


def key_of(item: RawItem, key_names: Sequence[str]) -> bytes:
    """The raw key of an item. Raises `KeyError` for an item without one of the attributes."""
    values = attributes(item)
    return join_attributes({name: values[name] for name in key_names})


class _Struct(msgspec.Struct, rename="pascal"):
    pass


class _Capacity(_Struct):
    capacity_units: float = 0.0


class _ScanReply(_Struct):
    items: list[msgspec.Raw] = []
    last_evaluated_key: msgspec.Raw = msgspec.Raw()
    consumed_capacity: _Capacity | None = None


class _Put(_Struct):
    item: msgspec.Raw


class _WriteRequest(_Struct):
    put_request: _Put


class _WriteReply(_Struct):
    unprocessed_items: dict[str, list[_WriteRequest]] = {}
    consumed_capacity: list[_Capacity] | None = None


class _Keys(_Struct):
    keys: list[msgspec.Raw]


class _GetReply(_Struct):
    responses: dict[str, list[msgspec.Raw]] = {}
    unprocessed_keys: dict[str, _Keys] = {}
    consumed_capacity: list[_Capacity] | None = None


_scan_reply = msgspec.json.Decoder(_ScanReply)
_write_reply = msgspec.json.Decoder(_WriteReply)
_get_reply = msgspec.json.Decoder(_GetReply)
_attributes = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _units(capacity: _Capacity | None) -> float:
    return capacity.capacity_units if capacity is not None else 0.0
