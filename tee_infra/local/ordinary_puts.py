"""Batches of ordinary items, which moto looks at seven times each before it keeps them, and which are checked already.

`item_json` has parsed the request, so no value is binary or null, and `item_refusals` has checked each item by AWS's
rules, which are stricter than moto's. Any other batch is moto's.
"""

from collections.abc import Callable
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tee_infra.local import item_json, sorted_items


def apply(handler: Any) -> None:
    """Change moto's class; before `data_requests` and `item_refusals`, which come first on a request's way."""
    handler.batch_write_item = _putting(handler.batch_write_item)
    _hash_strings(cast("Any", DynamoType))


def _hash_strings(kind: Any) -> None:
    """By their text alone: the dictionaries of a table ask for the hash of each key four times."""
    hash_any = kind.__hash__
    kind.__hash__ = lambda self: hash(self.value) if self.type == "S" else hash_any(self)


def _putting(write: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def put_or_write(handler: Any) -> Any:
        if not item_json.is_ordinary(handler):
            return write(handler)
        consumed: list[dict[str, Any]] = []
        for name, requests in handler.body["RequestItems"].items():
            table = handler.dynamodb_backend.get_table(name)
            sorted_items.forget(table)
            for request in requests:
                _put(table, request["PutRequest"]["Item"])
            consumed.append({"TableName": name, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}})
        return ActionResult({"ConsumedCapacity": consumed, "ItemCollectionMetrics": {}, "UnprocessedItems": {}})

    return put_or_write


def _put(table: Any, attrs: dict[str, Any]) -> None:
    hash_key = DynamoType(attrs[table.hash_key_attr])
    if table.range_key_attr is None:
        item, row, key = Item(hash_key, None, attrs), table.items, hash_key
    else:
        key = DynamoType(attrs[table.range_key_attr])
        item, row = Item(hash_key, key, attrs), table.items[hash_key]
    before = row.get(key)
    row[key] = item
    if table.stream_shard is not None:
        table.stream_shard.add(before, item)
