"""Pulumi's property values as plain Python: dictionaries, lists, strings, numbers, booleans and UNKNOWN."""

import json
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # Pulumi's mark for a secret value
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_MARKS = {
    UNKNOWN_STRING,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


class Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def decode(struct: Struct) -> dict[str, Any]:
    """Return the contents of `struct`, secrets unwrapped, without names whose value is null."""
    return {name: value for name, raw in struct.fields.items() if (value := _decode(raw)) is not None}


def encode(values: dict[str, Any]) -> Struct:
    """Return `values` as a Struct."""
    struct = Struct()
    for name, value in values.items():
        if value is not None:
            struct.fields[name].CopyFrom(_encode(value))
    return struct


def holds_unknown(value: object) -> bool:
    """Whether UNKNOWN is anywhere in `value`."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(holds_unknown, value))
    return value is UNKNOWN


def document(text: object) -> Any:
    """Return the JSON in `text`; `text` itself when it is not JSON."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_text(found: object) -> str:
    """Return a document as JSON text; some clients send text already."""
    return found if isinstance(found, str) else json.dumps(found)


def _decode(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_MARKS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(element) for element in value.list_value.values]
        case "struct_value":
            return _decode_marked(decode(value.struct_value))
        case _:
            return None


def _decode_marked(values: dict[str, Any]) -> Any:
    if values.get(SIGNATURE) == SECRET:
        return values.get("value")
    if values.get(SIGNATURE) == OUTPUT:
        return values.get("value", UNKNOWN)
    return values


def _encode(value: Any) -> Value:
    match value:
        case bool():
            return Value(bool_value=value)
        case int() | float():
            return Value(number_value=value)
        case dict():
            return Value(struct_value=encode(value))
        case list() | tuple():
            return Value(list_value=ListValue(values=[_encode(element) for element in value]))
        case Unknown():
            return Value(string_value=UNKNOWN_STRING)
        case _:
            return Value(string_value=str(value))
