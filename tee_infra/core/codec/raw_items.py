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
_MOST_UNITS: Final = 1e6
"""No request consumes more: a transactional write of 25 items of 400 KB to 25 indexes takes 0.5 million."""


class Page(NamedTuple):
    """One page of Scan.

    `last_key` is the raw LastEvaluatedKey, empty after the last page. `units` are the read units it consumed,
    `size` its bytes, `scanned` the items read before a filter.
    """

    items: list[msgspec.Raw]
    last_key: bytes
    units: float
    size: int
    scanned: int


class Unwritten(NamedTuple):
    """A BatchWriteItem reply: the items not written, and the write units consumed."""

    items: list[msgspec.Raw]
    units: float


class FoundItems(NamedTuple):
    """A BatchGetItem reply: items, unprocessed keys, and the read units consumed."""

    items: list[msgspec.Raw]
    unprocessed_keys: list[msgspec.Raw]
    units: float


class UnexpectedReplyError(ValueError):
    """DynamoDB does not send this reply to this request; the message is the difference."""


def parse_page(body: bytes) -> Page:
    """Slice a Scan reply. Raises `msgspec.DecodeError` for any other text, and `UnexpectedReplyError`.

    DynamoDB always sends `Items` and `Count`.
    """
    reply = _scan_reply.decode(body)
    count = len(reply.items)
    scanned = count if reply.scanned_count is None else reply.scanned_count
    if reply.count != count:
        raise UnexpectedReplyError(f"its Count is {reply.count:,}, but it has {count:,} items")
    if scanned < count:
        raise UnexpectedReplyError(f"its ScannedCount is {scanned:,}, but it has {count:,} items")
    return Page(reply.items, bytes(reply.last_evaluated_key), _units(reply.consumed_capacity), len(body), scanned)


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


def parse_unwritten(body: bytes, table: str) -> Unwritten:
    """Slice a BatchWriteItem reply of puts to `table`. Raises as `parse_page` does."""
    reply = _write_reply.decode(body)
    _check_table(reply.unprocessed_items, table, "UnprocessedItems")
    items = [request.put_request.item for request in reply.unprocessed_items.get(table, ())]
    return Unwritten(items, sum(map(_units, reply.consumed_capacity or ())))


def write_body(table: str, puts: Sequence[RawItem], deletes: Sequence[RawItem]) -> bytes:
    """A BatchWriteItem request of up to 25 puts of items and deletes of raw keys."""
    writes = [b'{"PutRequest":{"Item":%b}}' % bytes(item) for item in puts]
    writes += [b'{"DeleteRequest":{"Key":%b}}' % bytes(key) for key in deletes]
    head = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:[' % json.dumps(table).encode()
    return b"".join((head, b",".join(writes), b"]}}"))


def parse_unprocessed(body: bytes, table: str) -> tuple[list[msgspec.Raw], list[msgspec.Raw], float]:
    """The items and the keys that a BatchWriteItem reply returns, and the write units. Raises as `parse_page` does."""
    reply = _mixed_reply.decode(body)
    _check_table(reply.unprocessed_items, table, "UnprocessedItems")
    requests = reply.unprocessed_items.get(table, ())
    items = [request.put_request.item for request in requests if request.put_request is not None]
    keys = [request.delete_request.key for request in requests if request.delete_request is not None]
    if len(items) + len(keys) != len(requests):
        raise UnexpectedReplyError("its UnprocessedItems have a request that is neither a put nor a delete")
    return items, keys, sum(map(_units, reply.consumed_capacity or ()))


def put_new_body(table: str, item: RawItem, key_name: str) -> bytes:
    """A PutItem request that does nothing if an item with the key exists. `key_name` is the partition key's."""
    members = {
        "TableName": table,
        "ReturnConsumedCapacity": "TOTAL",
        "Item": msgspec.Raw(item),
        "ConditionExpression": "attribute_not_exists(#k)",
        "ExpressionAttributeNames": {"#k": key_name},
    }
    return msgspec.json.encode(members)


def parse_put(body: bytes) -> float:
    """The write units of a PutItem reply, which holds nothing else. Raises as `parse_page` does."""
    return _units(_put_reply.decode(body).consumed_capacity)


def get_body(table: str, keys: Iterable[RawItem]) -> bytes:
    """A BatchGetItem request for up to 100 keys, strongly consistent."""
    head = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:{"ConsistentRead":true,"Keys":[' % (
        json.dumps(table).encode()
    )
    return b"".join((head, b",".join(keys), b"]}}}"))


def parse_found(body: bytes, table: str) -> FoundItems:
    """Slice a BatchGetItem reply from `table`. Raises as `parse_page` does."""
    reply = _get_reply.decode(body)
    _check_table(reply.responses, table, "Responses")
    _check_table(reply.unprocessed_keys, table, "UnprocessedKeys")
    unprocessed = reply.unprocessed_keys.get(table)
    keys = unprocessed.keys if unprocessed is not None else []
    if table not in reply.responses and not keys:
        raise UnexpectedReplyError("its Responses do not have the table")
    return FoundItems(reply.responses.get(table, []), keys, sum(map(_units, reply.consumed_capacity or ())))


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
    items: list[msgspec.Raw]
    count: int
    scanned_count: int | None = None
    last_evaluated_key: msgspec.Raw = msgspec.Raw()
    consumed_capacity: _Capacity | None = None


class _Put(_Struct):
    item: msgspec.Raw


class _WriteRequest(_Struct):
    put_request: _Put


class _WriteReply(_Struct):
    unprocessed_items: dict[str, list[_WriteRequest]]
    consumed_capacity: list[_Capacity] | None = None


class _Delete(_Struct):
    key: msgspec.Raw


class _MixedRequest(_Struct):
    put_request: _Put | None = None
    delete_request: _Delete | None = None


class _MixedReply(_Struct):
    unprocessed_items: dict[str, list[_MixedRequest]]
    consumed_capacity: list[_Capacity] | None = None


class _Keys(_Struct):
    keys: list[msgspec.Raw]


class _PutReply(_Struct):
    consumed_capacity: _Capacity


class _GetReply(_Struct):
    responses: dict[str, list[msgspec.Raw]]
    unprocessed_keys: dict[str, _Keys]
    consumed_capacity: list[_Capacity] | None = None


_scan_reply = msgspec.json.Decoder(_ScanReply)
_write_reply = msgspec.json.Decoder(_WriteReply)
_mixed_reply = msgspec.json.Decoder(_MixedReply)
_put_reply = msgspec.json.Decoder(_PutReply)
_get_reply = msgspec.json.Decoder(_GetReply)
_attributes = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _units(capacity: _Capacity | None) -> float:
    units = capacity.capacity_units if capacity is not None else 0.0
    if not 0 <= units <= _MOST_UNITS:
        raise UnexpectedReplyError(f"it consumed {units:g} capacity units")
    return units


def _check_table(members: Iterable[str], table: str, name: str) -> None:
    for other in members:
        if other != table:
            raise UnexpectedReplyError(f"its {name} have the table {other[:80]!r}")
