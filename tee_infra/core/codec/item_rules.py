"""The rules for an item that DynamoDB checks when it is put: the embedded AWS refuses by them what AWS refuses.

Sources: the developer guide's "Constraints" and "Naming rules and data types", and the messages that AWS answers.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from tee_infra.core.codec.item_size import excess

LEVELS: Final = 32
_DIGITS: Final = 38
_LARGEST: Final = Decimal("9" * _DIGITS + "E+88")
_SMALLEST: Final = Decimal("1E-130")
_INVALID: Final = "One or more parameter values were invalid: "
_EMPTY_KEY: Final = "The AttributeValue for a key attribute cannot contain an empty {} value."
_TYPES: Final = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}
_EMPTY_SETS: Final = {
    "SS": f"{_INVALID}An string set  may not be empty",
    "NS": f"{_INVALID}An number set  may not be empty",
    "BS": f"{_INVALID}Binary sets should not be empty",
}


class KeySchema(NamedTuple):
    """The key of a table or an index: attribute -> type. `index_name` is empty for the table."""

    index_name: str
    types: Mapping[str, str]


class ItemRefusedError(ValueError):
    """DynamoDB refuses the item; the message is DynamoDB's."""


def check_item(item: Mapping[str, Any], schemas: Sequence[KeySchema]) -> None:
    """Check an item for a table with these keys, its own first. Raises `ItemRefusedError`.

    It is DynamoDB's JSON; a binary may be bytes already.
    """
    for value in item.values():
        _check_value(value, 0)
    for schema in schemas:
        _check_key(item, schema)
    if excess(msgspec.json.encode(item)):
        raise ItemRefusedError("Item size has exceeded the maximum allowed size")


def key_text(item: Mapping[str, Any], names: Sequence[str]) -> str:
    """One text for one key: numbers are equal by their value."""
    held = [next(iter(item[name].items())) for name in names]
    return repr([(kind, Decimal(text).normalize() if kind == "N" else text) for kind, text in held])


def _check_key(item: Mapping[str, Any], schema: KeySchema) -> None:
    for name, kind in schema.types.items():
        if name not in item:
            if schema.index_name:
                continue  # the item is not in the index
            raise ItemRefusedError(f"{_INVALID}Missing the key {name} in the item")
        ((actual, value),) = item[name].items()
        if actual != kind and schema.index_name:
            raise ItemRefusedError(
                f"{_INVALID}Type mismatch for Index Key {name} Expected: {kind} Actual: {actual} "
                f"IndexName: {schema.index_name}"
            )
        if actual != kind:
            raise ItemRefusedError(f"{_INVALID}Type mismatch for key {name} expected: {kind} actual: {actual}")
        if kind in {"S", "B"} and not value:
            empty = _EMPTY_KEY.format("binary" if kind == "B" else "string")
            where = f"IndexName: {schema.index_name}, IndexKey: {name}" if schema.index_name else f"Key: {name}"
            of = "A value specified for a secondary index key is not supported. " if schema.index_name else ""
            raise ItemRefusedError(f"One or more parameter values are not valid. {of}{empty} {where}")


def _check_value(value: Any, level: int) -> None:
    if not isinstance(value, Mapping) or len(value) != 1 or not value.keys() <= _TYPES:
        what = "has more than one datatypes set" if isinstance(value, Mapping) and len(value) > 1 else "is empty"
        raise ItemRefusedError(f"Supplied AttributeValue {what}, must contain exactly one of the supported datatypes")
    ((kind, held),) = value.items()
    match kind:
        case "N":
            _check_number(held)
        case "SS" | "NS" | "BS":
            _check_set(kind, held)
        case "NULL":
            if held is not True:
                raise ItemRefusedError("Null attribute value types must have the value of true")
        case "M" | "L":
            if level >= LEVELS:
                raise ItemRefusedError("Nesting Levels have exceeded supported limits")
            for member in held.values() if kind == "M" else held:
                _check_value(member, level + 1)
        case _:
            pass


def _check_number(text: Any) -> None:
    try:
        number = Decimal(text) if isinstance(text, str) and text == text.strip() else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ItemRefusedError(f"The parameter cannot be converted to a numeric value: {text}")
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if len(digits) > _DIGITS:
        raise ItemRefusedError("Attempting to store more than 38 significant digits in a Number")
    size = number.copy_abs()  # abs() rounds
    if size > _LARGEST:
        raise ItemRefusedError(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if size and size < _SMALLEST:
        raise ItemRefusedError(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )


def _check_set(kind: str, members: Sequence[str]) -> None:
    if not members:
        raise ItemRefusedError(_EMPTY_SETS[kind])
    if kind == "NS":
        for member in members:
            _check_number(member)
    distinct = {Decimal(member) for member in members} if kind == "NS" else set(members)
    if len(distinct) < len(members):
        raise ItemRefusedError(f"{_INVALID}Input collection {list(members)} contains duplicates.")
