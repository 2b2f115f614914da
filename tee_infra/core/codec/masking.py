"""Items for a person who may see a table and not its members: personal values become stars of their type and length.

The classification is the one that anonymizing goes by, and fails closed like it: an attribute that the catalog does not
have, or that has another type or form than declared, counts as personal.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tee_infra.core.codec.anonymizer import Rule, decode, refusal, rules_of
from tee_infra.core.codec.digest import NotAnItemError
from tee_infra.core.codec.entities import split_key
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.item_shapes import Personal

TypedItem = dict[str, dict[str, Any]]
"""An item as DynamoDB's JSON, decoded: attribute -> {type: content}. A number is text."""

_STAR: Final = "*"
_NO_ITEM: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)
_any: Final = msgspec.json.Decoder()


class Mask:
    """Masks the items of one table. `versions` are its entries in every version of the catalog.

    A value is shown only where each of them declares it as not personal.
    """

    def __init__(self, versions: Sequence[Table]) -> None:
        self._rules = [rules_of(table) for table in versions]

    def __call__(self, item: RawItem) -> TypedItem:
        """The item, or the key of one, with its personal values masked. Raises `NotAnItemError`."""
        try:
            return {name: self._value(name, value) for name, value in decode(item).items()}
        except _NO_ITEM as error:
            raise NotAnItemError(type(error).__name__) from None

    def _value(self, name: str, value: dict[str, msgspec.Raw]) -> dict[str, Any]:
        plain = _decoded(value)
        rules = [rules.get(name) for rules in self._rules]
        if all(rule and rule.kind is None and _fits(rule, value) for rule in rules):
            return plain
        if "S" in plain and all(rule and _is_key_of_member(rule, value) for rule in rules):
            return {"S": _masked_key(plain["S"])}
        return _masked(plain)


def shown(item: RawItem) -> TypedItem:
    """The item as it is. Raises `NotAnItemError`."""
    try:
        return {name: _decoded(value) for name, value in decode(item).items()}
    except _NO_ITEM as error:
        raise NotAnItemError(type(error).__name__) from None


def _decoded(value: dict[str, msgspec.Raw]) -> dict[str, Any]:
    """Raises `ValueError` for a value that has not exactly one type."""
    ((kind, content),) = value.items()
    return {kind: _any.decode(content)}


def _fits(rule: Rule, value: dict[str, msgspec.Raw]) -> bool:
    return refusal(rule, value) is None


def _is_key_of_member(rule: Rule, value: dict[str, msgspec.Raw]) -> bool:
    """Whether it is a key in its declared form, whose tags say nothing of a member."""
    return rule.kind is Personal.IDENTIFIER and rule.form is not None and _fits(rule, value)


def _masked_key(text: str) -> str:
    """`MEMBER#m-17` -> `MEMBER#****`: only the tags of the catalog stay."""
    parts = split_key(text)
    parts[::2] = [_STAR * len(part) for part in parts[::2]]
    return "".join(parts)


def _masked(value: Mapping[str, Any]) -> dict[str, Any]:
    """Every leaf as stars; a null says nothing. The keys of a map are text of any content, so they are numbered."""
    ((kind, held),) = value.items()
    match kind:
        case "NULL":
            return {kind: held}
        case "M":
            masked = (_masked(each) for each in held.values())
            return {kind: {f"{_STAR}{number}": each for number, each in enumerate(masked, 1)}}
        case "L":
            return {kind: [_masked(each) for each in held]}
        case "SS" | "NS" | "BS":
            return {kind: [_STAR * len(each) for each in held]}
        case "S" | "N" | "B":
            return {kind: _STAR * len(held)}
        case _:
            return {kind: _STAR * 3}
