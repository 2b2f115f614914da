"""moto's transactions, undone key by key where one is cancelled.

moto 5.2.5 copies each table as a whole before, and puts the copy in the table's place: with 10,000 items a transaction
took seconds, and readers of the table's stream saw no record any more.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType

from tee_infra.local import sorted_items, stream_shards

Undo = Callable[[], None]


def apply(table: Any, backend: Any) -> None:
    """Change moto's classes. One request at a time (`request_lock`)."""
    write = backend.transact_write_items

    def write_or_undo(self: Any, transact_items: list[dict[str, Any]]) -> None:
        undo = [_undo_of(self, operation) for each in transact_items for operation in each.values()]
        table.__deepcopy__ = lambda same, _memo: same  # moto's copy of the whole table
        try:
            write(self, transact_items)
        except Exception:
            for step in undo:
                step()
            raise
        finally:
            del table.__deepcopy__

    backend.transact_write_items = write_or_undo


def _undo_of(backend: Any, operation: dict[str, Any]) -> Undo:
    """Puts back what one operation changes: its item, and the records of its table."""
    table = backend.tables.get(operation.get("TableName"))
    attributes = operation.get("Key") or operation.get("Item") or {}
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name] if table else []
    values: list[Any] = [attributes.get(name) for name in names]
    if table is None or not all(isinstance(value, dict) and len(value) == 1 for value in values):
        return lambda: None  # refused by moto
    keys = [DynamoType(value) for value in values]
    found = table.items.get(keys[0], {}).get(keys[1]) if table.has_range_key else table.items.get(keys[0])
    before, stream = deepcopy(found), table.stream_shard
    number = stream.next_number if stream else 0

    def undo() -> None:
        _put_back(table, keys, before)
        sorted_items.forget(table)
        if stream:
            stream_shards.forget_from(stream, number)

    return undo


def _put_back(table: Any, keys: list[DynamoType], item: Any) -> None:
    row, key = (table.items[keys[0]], keys[1]) if table.has_range_key else (table.items, keys[0])
    if item is not None:
        row[key] = item
        return
    row.pop(key, None)
    if table.has_range_key and not row:
        del table.items[keys[0]]
