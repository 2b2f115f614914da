"""The size of an item as DynamoDB counts it: a batch with one oversized item is refused without naming the item."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tee_infra.core.codec.raw_items import RawItem

ITEM_BYTES: Final = 400 * 1024


def excess(item: RawItem) -> str | None:
    """DynamoDB's reason to refuse the item for its size, with the size; None if it fits.

    An item whose JSON is within the limit fits: JSON is never the shorter form.
    """
    if len(item) <= ITEM_BYTES:
        return None
    attributes = msgspec.json.decode(item, type=dict[str, dict[str, Any]])
    size = sum(_text_size(name) + _size(value) for name, value in attributes.items())
    if size <= ITEM_BYTES:
        return None
    return f"Item size has exceeded the maximum allowed size: {size:,} bytes of {ITEM_BYTES:,}"


def _size(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "L":
        return 3 + sum(1 + _size(member) for member in held)
    if kind == "M":
        return 3 + sum(1 + _text_size(name) + _size(member) for name, member in held.items())
    if kind in _SCALARS:
        return _SCALARS[kind](held)
    if kind in {"SS", "NS", "BS"}:
        return sum(map(_SCALARS[kind[0]], held))
    return 1


def _text_size(text: str) -> int:
    return len(text.encode())


def _number_size(number: str) -> int:
    """One byte for two significant digits, and one more; never above the real size."""
    return len(number.lstrip("-0.").partition("E")[0].replace(".", "").rstrip("0")) // 2 + 1


def _binary_size(encoded: str) -> int:
    return len(encoded) // 4 * 3 - encoded[-2:].count("=")


_SCALARS: Final[dict[str, Callable[[str], int]]] = {"S": _text_size, "N": _number_size, "B": _binary_size}
