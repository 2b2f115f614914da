"""moto's tables in order: sorted once after a write, instead of for every page and query."""

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from weakref import WeakKeyDictionary

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT
from moto.utilities.utils import md5_hash

from tee_infra.local import item_json

WHOLE: Final = (None, None)
"""moto's segment for a scan without segments."""
_INDEX_NAME: Final = 6
"""The place of the index's name among the arguments after the hash key of `Table.query`."""
Pair = tuple[Any, Any]
"""(sort key, item)"""


class _Order:
    """The items of a table by key, in each number of segments that was asked for, and by attributes of indexes."""

    def __init__(self, table: Any) -> None:
        rows = table.items.values()
        items = [item for row in rows for item in row.values()] if table.has_range_key else list(rows)
        pairs = sorted(((_key(item.hash_key, item.range_key), item) for item in items), key=lambda pair: pair[0])
        self.items = [item for _, item in pairs]
        self._segments: dict[Any, list[Pair]] = {WHOLE: pairs}
        self._by_value: dict[str, dict[Any, list[Any]]] = {}

    def segment(self, segments: Any) -> list[Pair]:
        """The pairs of moto's `(segment, total)`: by the hash key's digest, as `Item.is_within_segment` has it."""
        if segments not in self._segments:
            total = segments[1]
            split: list[list[Pair]] = [[] for _ in range(total)]
            for pair in self._segments[WHOLE]:
                split[md5_hash(pair[1].hash_key.value.encode()).digest()[0] % total].append(pair)
            self._segments |= {(number, total): part for number, part in enumerate(split)}
        return self._segments[segments]

    def with_value(self, attribute: str, value: DynamoType) -> list[Any]:
        """The items whose attribute, a string or a number, has this value."""
        if attribute not in self._by_value:
            found = self._by_value[attribute] = {}
            for item in self.items:
                held = item_json.decode(item.raw_json()).get(attribute, {})
                for kind in held.keys() & {"S", "N"}:
                    found.setdefault(_comparable(kind, held[kind]), []).append(item)
        return self._by_value[attribute].get(_comparable(value.type, value.value), [])


_orders: "WeakKeyDictionary[Any, _Order]" = WeakKeyDictionary()


def apply(table: Any, backend: Any) -> None:
    """Change moto's classes."""
    table.put_item, table.delete_item = _forgetting(table.put_item), _forgetting(table.delete_item)
    backend.update_item = _forgetting_named(backend.update_item)
    table.all_items = lambda self: list(_order(self).items)
    table.scan, table.query = _scanning(table.scan), _querying(table.query)


def forget(table: Any) -> None:
    """Sort a table's items again: one was changed."""
    _orders.pop(table, None)


def _order(table: Any) -> _Order:
    if table not in _orders:
        _orders[table] = _Order(table)
    return _orders[table]


def _forgetting(write: Callable[..., Any]) -> Callable[..., Any]:
    def write_and_forget(table: Any, *arguments: Any, **named: Any) -> Any:
        _orders.pop(table, None)
        return write(table, *arguments, **named)

    return write_and_forget


def _forgetting_named(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_and_forget(backend: Any, table_name: str, *arguments: Any, **named: Any) -> Any:
        _orders.pop(backend.get_table(table_name), None)
        try:
            return update(backend, table_name, *arguments, **named)
        finally:
            _orders.pop(backend.get_table(table_name), None)

    return update_and_forget


def _scanning(scan: Callable[..., Any]) -> Callable[..., Any]:
    """moto's scan of a table in order, without copies: what is done with the items afterwards changes none."""

    def scan_in_order(table: Any, filters: Any, limit: Any, exclusive_start_key: Any, **more: Any) -> Any:
        start = _start_key(table, exclusive_start_key)
        if filters or more.get("index_name") or (exclusive_start_key is not None and start is None):
            return scan(table, filters, limit, exclusive_start_key, **more)
        pairs = _order(table).segment(more.get("segments", WHOLE))
        place = 0 if start is None else bisect_right(pairs, start, key=lambda pair: pair[0])
        results: list[Any] = []
        size, last = 0, None
        for _, item in pairs[place:]:
            size += item.size()
            if results and (len(results) == limit or size > RESULT_SIZE_LIMIT):
                last = table._get_last_evaluated_key(results[-1], None)
                break
            results.append(item)
        scanned = len(results)
        expression, projection = more.get("filter_expression"), more.get("projection_expression")
        if expression is not None:
            results = [item for item in results if expression.expr(item)]
        return [item.project(projection) for item in results] if projection else results, scanned, last

    def scan_named(table: Any, filters: Any, limit: Any, start: Any, *arguments: Any, **more: Any) -> Any:
        names = ("filter_expression", "index_name", "consistent_read", "projection_expression")
        return scan_in_order(table, filters, limit, start, **dict(zip(names, arguments, strict=False)), **more)

    return scan_named


def _querying(query: Callable[..., Any]) -> Callable[..., Any]:
    """moto's query, which looks at every item of the table, is shown those with the hash key's value."""

    def query_candidates(table: Any, hash_key: Any, *arguments: Any, **named: Any) -> Any:
        table.all_items = lambda: _candidates(table, hash_key, arguments[_INDEX_NAME], named["hash_key_conditions"])
        try:
            return query(table, hash_key, *arguments, **named)
        finally:
            del table.all_items  # the class's own again

    return query_candidates


def _candidates(table: Any, hash_key: Any, index_name: str | None, conditions: Any) -> list[Any]:
    if index_name is None and hash_key is not None:
        row = table.items.get(hash_key, {})
        return list(row.values()) if table.has_range_key else [row] if row else []
    if index_name is not None and conditions and conditions[0][1].type in ("S", "N"):
        return list(_order(table).with_value(*conditions[0]))
    return list(_order(table).items)


def _start_key(table: Any, given: Any) -> Any:
    """The sort key of an `ExclusiveStartKey`; None for one that is not of the table's keys."""
    names = {table.hash_key_attr: table.hash_key_type, table.range_key_attr: table.range_key_type}
    names.pop(None, None)
    if given is None or {name: next(iter(value)) for name, value in given.items()} != names:
        return None
    return _key(*(DynamoType(given[name]) for name in names))


def _key(hash_key: Any, range_key: Any = None) -> tuple[Any, ...]:
    return tuple(key.cast_value for key in (hash_key, range_key) if key is not None)


def _comparable(kind: str, value: str) -> tuple[str, Any]:
    return kind, Decimal(value) if kind == "N" else value
