"""The rules for an item that DynamoDB checks when it is put: the embedded AWS refuses by them what AWS refuses.

Sources: the developer guide's "Constraints" and "Naming rules and data types", and the messages that AWS answers.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, cast

import msgspec

from tee_infra.core.codec.item_size import excess

LEVELS: Final = 32
_DIGITS: Final = 38
_LARGEST: Final = Decimal("9" * _DIGITS + "E+88")
_SMALLEST: Final = Decimal("1E-130")
_INVALID: Final = "One or more parameter values were invalid: "
_KEY_LIMITS: Final = (
    (2048, f"{_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    (1024, f"{_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
)
"""Bytes of a hash key and of a range key."""
_MOST_BYTES_A_CHARACTER: Final = 4
_EMPTY_KEY: Final = "The AttributeValue for a key attribute cannot contain an empty {} value."
_ONE_TYPE: Final = "must contain exactly one of the supported datatypes"
_TYPES: Final = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}
_EMPTY_SETS: Final = {
    "SS": f"{_INVALID}An string set  may not be empty",
    "NS": f"{_INVALID}An number set  may not be empty",
    "BS": f"{_INVALID}Binary sets should not be empty",
}


class KeySchema(NamedTuple):
    """The key of a table or an index: attribute -> type, first the hash key. `index_name` is empty for the table."""

    index_name: str
    types: Mapping[str, str]


class ItemRefusedError(ValueError):
    """DynamoDB refuses the item; the message is DynamoDB's."""


def check_item(item: Mapping[str, Any], schemas: Sequence[KeySchema], *, is_small: bool = False) -> None:
    """Check an item for a table with these keys, its own first. Raises `ItemRefusedError`.

    It is DynamoDB's JSON; a binary may be bytes already. `is_small` spares the measuring: its JSON is within the limit.
    """
    for value in item.values():
        if type(value) is not dict or len(value) != 1 or "S" not in value:  # strings are most, and all are valid
            _check_value(value, 0)
    for schema in schemas:
        _check_key(item, schema)
    if not is_small and excess(msgspec.json.encode(item)):
        raise ItemRefusedError("Item size has exceeded the maximum allowed size")


def key_text(item: Mapping[str, Any], names: Sequence[str]) -> str:
    """One text for one key: numbers are equal by their value."""
    held = [next(iter(item[name].items())) for name in names]
    return repr([(kind, Decimal(text).normalize() if kind == "N" else text) for kind, text in held])


def _check_key(item: Mapping[str, Any], schema: KeySchema) -> None:
    for place, (name, kind) in enumerate(schema.types.items()):
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
        limit, too_long = _KEY_LIMITS[min(place, 1)]
        if len(value) * _MOST_BYTES_A_CHARACTER > limit and _key_size(kind, value) > limit:
            raise ItemRefusedError(too_long)


def _key_size(kind: str, value: str | bytes) -> int:
    if isinstance(value, bytes):
        return len(value)
    return len(value) * 3 // 4 if kind == "B" else len(value.encode())


def _check_value(value: Any, level: int) -> None:
    if not isinstance(value, dict) or len(cast("dict[str, Any]", value)) != 1:
        what = "has more than one datatypes set" if isinstance(value, dict) and value else "is empty"
        raise ItemRefusedError(f"Supplied AttributeValue {what}, {_ONE_TYPE}")
    ((kind, held),) = cast("dict[str, Any]", value).items()
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
        case _ if kind in _TYPES:
            pass
        case _:
            raise ItemRefusedError(f"Supplied AttributeValue is empty, {_ONE_TYPE}")


def _check_number(text: Any) -> None:
    if isinstance(text, str) and len(text) <= _DIGITS and text.removeprefix("-").replace(".", "", 1).isdecimal():
        return  # as most are
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
