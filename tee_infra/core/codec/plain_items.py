"""Items as JSON documents for people: plain values, or DynamoDB's own JSON with its types."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tee_infra.core.codec.masking import TypedItem

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def document(items: TypedItem | Sequence[TypedItem], key_names: Sequence[str], *, raw: bool) -> str:
    """The indented JSON of an item, or of a list of them: the key first, the other attributes by name.

    `raw`: with DynamoDB's types. Otherwise sets are lists, binaries are base64, and a number has all of its digits.
    """
    if isinstance(items, dict):
        found: Any = _ordered(items, key_names, raw=raw)
    else:
        found = [_ordered(item, key_names, raw=raw) for item in items]
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def ordered(item: TypedItem, key_names: Sequence[str]) -> TypedItem:
    """The item, its key first and the other attributes by name."""
    names = [*(name for name in key_names if name in item), *sorted(item.keys() - set(key_names))]
    return {name: item[name] for name in names}


def _ordered(item: TypedItem, key_names: Sequence[str], *, raw: bool) -> dict[str, Any]:
    return {name: value if raw else _plain(value) for name, value in ordered(item, key_names).items()}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, held),) = value.items()
    match kind:
        case "N":
            return _number(held)
        case "NS":
            return [_number(text) for text in held]
        case "L":
            return [_plain(each) for each in held]
        case "M":
            return {name: _plain(each) for name, each in held.items()}
        case "NULL":
            return None
        case _:
            return held


def _number(text: str) -> msgspec.Raw | str:
    """A masked number is text."""
    return msgspec.Raw(text.encode()) if _NUMBER.fullmatch(text) else text
