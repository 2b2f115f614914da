"""moto's tables in a snapshot: the items as a list of plain values, which pickle writes without calling Python."""

from collections import defaultdict
from typing import Any

from tee_infra.local.stream_records import unpacked_item

PACKED = "packed_items"


def apply(table: Any) -> None:
    """Change moto's class. A table of a snapshot in which items are objects is read too."""
    table.__getstate__, table.__setstate__ = _pack, _unpack


def _pack(table: Any) -> dict[str, Any]:
    rows = table.items.values()
    items = [item for row in rows for item in row.values()] if table.has_range_key else list(rows)
    packed = [(item.packed_keys(), item.raw_json()) for item in items]
    return {name: value for name, value in table.__dict__.items() if name != "items"} | {PACKED: packed}


def _unpack(table: Any, state: dict[str, Any]) -> None:
    table.__dict__.update(state)
    if PACKED not in state:
        return
    table.items = defaultdict(dict)
    for keys, raw in table.__dict__.pop(PACKED):
        item = unpacked_item(keys, raw)
        if item.range_key is None:
            table.items[item.hash_key] = item
        else:
            table.items[item.hash_key][item.range_key] = item
