"""moto's DynamoDB with many items: an item is kept as the JSON that DynamoDB sends, and opened only to be changed.

moto 5.2.5 makes an object of every attribute, keeps every item that it ever made in a list, sorts a whole table for
each page, and takes botocore's shapes to parse and to print each attribute. With 100,000 items a page took five seconds
and an item 10 kB. Everything else stays moto's: validation, conditions, updates, indexes and filters see the same.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, Final, cast

import msgspec
from moto import backends
from moto.core import responses as core_responses
from moto.dynamodb import responses
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamRecord, StreamShard, Table
from moto.dynamodb.responses import DynamoHandler

from tee_infra.local import (
    item_json,
    ordinary_puts,
    packed_tables,
    sorted_items,
    stream_records,
    stream_shards,
    transactions,
)

READS: Final = {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}
ANSWERED: Final = READS | {"PutItem", "BatchWriteItem"}
"""The operations whose answers are printed here."""
_opened: list[Any] = []
"""Items whose attributes are objects now; one request at a time (`request_lock`)."""


class _Forgetful(list[Any]):
    """For moto's list of every instance of a class, which it never reads for these."""

    def append(self, _instance: Any) -> None:
        pass


def apply() -> None:
    """Change moto's classes; once per process, before the first request and before a snapshot is loaded."""
    item, record, handler = cast("Any", Item), cast("Any", StreamRecord), cast("Any", DynamoHandler)
    item.instances_tracked = record.instances_tracked = _Forgetful()
    _change_item(item)
    stream_records.apply(record, cast("Any", StreamShard))
    stream_shards.apply(cast("Any", StreamShard), cast("Any", DynamoDBBackend))
    sorted_items.apply(cast("Any", Table), cast("Any", DynamoDBBackend))
    packed_tables.apply(cast("Any", Table))
    transactions.apply(cast("Any", Table), cast("Any", DynamoDBBackend))
    cache_dispatch()
    backend = cast("Any", DynamoDBBackend)
    backend.scan, backend.query = _answering(backend.scan), _answering(backend.query)
    ordinary_puts.apply(handler)
    handler.use_raw_body = True  # otherwise each body is parsed as a query string too
    handler.parse_parameters = _parsing(handler.parse_parameters)
    handler.serialized = _printing(handler.serialized)
    handler.call_action = _closing(handler.call_action)
    cast("Any", responses).dynamo_json_dump = item_json.text


def cache_dispatch() -> None:
    """Spare every request of any service a third of its time: moto lists its own folder, and a class's methods.

    And it throws a die for each letter of a request's id.
    """
    modules, requests = tuple(backends.list_of_moto_modules()), cast("Any", core_responses)
    cast("Any", backends).list_of_moto_modules = lambda: modules
    requests.method_names_from_class = cache(requests.method_names_from_class)
    requests.gen_amzn_requestid_long = _add_request_id


def _add_request_id(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = request_id = os.urandom(26).hex().upper()
    return request_id


def _change_item(item: Any) -> None:
    made, described = item.__init__, item.describe_attrs

    def make(self: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
        raw = item_json.encode(attrs)
        if raw is None or len(raw) > item_json.SURELY_SMALL:
            made(self, hash_key, range_key, attrs)  # raises for one that is too large
            return
        self.hash_key, self.range_key, self.raw_attrs = hash_key, range_key, raw

    def get_attrs(self: Any) -> Any:
        held = self.__dict__
        if "open_attrs" not in held:
            held["open_attrs"] = _open(self.raw_attrs)
            _opened.append(self)
        return held["open_attrs"]

    def set_attrs(self: Any, attrs: Any) -> None:
        self.__dict__["open_attrs"] = attrs
        _opened.append(self)

    def describe(self: Any, attributes: Any = None) -> dict[str, Any]:
        return described(self, attributes) if attributes else {"Item": msgspec.Raw(self.raw_json())}

    item.__init__, item.describe_attrs = make, describe
    item.attrs = property(get_attrs, set_attrs)
    item.size = lambda self: item_json.size(self.raw_json())
    item.raw_json = _raw_json
    item.packed_keys = _packed_keys
    item.__deepcopy__ = lambda self, _memo: _copy(self)
    item.__getstate__ = lambda self: {
        "hash_key": self.hash_key,
        "range_key": self.range_key,
        "raw_attrs": self.raw_json(),
    }
    item.__setstate__ = _set_state


def _raw_json(item: Any) -> bytes:
    """The attributes as JSON, also of an item that is being changed."""
    held = item.__dict__
    return (item_json.encode(held["open_attrs"]) or b"{}") if "open_attrs" in held else held["raw_attrs"]


def _packed_keys(item: Any) -> tuple[tuple[str, Any], tuple[str, Any] | None]:
    """The keys as `(type, value)`, the second one None in a table without a range key."""
    first, second = item.hash_key, item.range_key
    return (first.type, first.value), second and (second.type, second.value)


def _copy(item: Any) -> Any:
    """Keys and JSON never change, so a copy shares them."""
    copied = cast("Any", Item.__new__(Item))
    copied.__dict__.update(hash_key=item.hash_key, range_key=item.range_key, raw_attrs=item.raw_json())
    return copied


def _set_state(item: Any, state: dict[str, Any]) -> None:
    """Also that of a snapshot in which attributes are objects."""
    if "attrs" in state:
        state = state | {"raw_attrs": item_json.encode(state["attrs"]) or b"{}"}
    item.__dict__.update({name: state[name] for name in ("hash_key", "range_key", "raw_attrs")})


def _open(raw: bytes) -> Any:
    attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    for name, value in item_json.decode(raw).items():
        dict.__setitem__(attrs, name, DynamoType(value))  # the size was checked when the item was written
    return attrs


def _close(*, changed: bool) -> None:
    """Keep the JSON of every opened item again. Reads open items too, and change none."""
    for item in _opened:
        held = item.__dict__
        if "open_attrs" not in held:
            continue
        raw = item_json.encode(held["open_attrs"]) if changed or "raw_attrs" not in held else held["raw_attrs"]
        if raw is not None:
            held["raw_attrs"] = raw
            del held["open_attrs"]
    _opened.clear()


def _closing(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call_and_close(handler: Any) -> Any:
        try:
            return call(handler)
        finally:
            _close(changed=handler._get_action() not in READS)

    return call_and_close


class _Answer:
    """An item of an answer, of which moto's handler takes only `attrs`."""

    __slots__ = ("attrs",)

    def __init__(self, item: Any) -> None:
        self.attrs = msgspec.Raw(item.raw_json())


def _answering(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_raw(*arguments: Any, **named: Any) -> Any:
        items, count, last = read(*arguments, **named)
        return [_Answer(item) for item in items], count, last

    return read_raw


def _parsing(parse: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def parse_items(handler: Any, request: Any) -> None:
        parsed = item_json.parse_writes(handler._get_action(), request.data)
        if parsed is None:
            parse(handler, request)
        else:
            handler.params, handler.is_ordinary = parsed, True

    return parse_items


def _printing(serialize: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def serialize_items(handler: Any, answer: Any) -> Any:
        if isinstance(answer.result, Exception) or handler._get_action() not in ANSWERED:
            return serialize(handler, answer)
        headers = {"Content-Type": "application/x-amz-json-1.0", **handler.response_headers}
        return 200, headers, item_json.encode(answer.result)

    return serialize_items
