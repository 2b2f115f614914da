"""DynamoDB's JSON of items for moto: its values with binary ones as bytes, its sizes, and the writes that it parses."""

import base64
from typing import Any, Final, cast

import msgspec
from boto3.dynamodb.types import Binary
from moto.dynamodb.models.dynamo_type import DynamoType

SURELY_SMALL: Final = 405_000
"""JSON of so many bytes holds no item above moto's limit, 405,000 bytes: names, values and brackets only add to it."""
_SCALARS: Final = {"S": str, "N": str, "BOOL": bool, "SS": list, "NS": list}
_WRITES: Final = ("PutItem", "BatchWriteItem")
_decoder: Final = msgspec.json.Decoder()


def encode(value: Any) -> bytes | None:
    """Return the JSON of attributes or of an answer, bytes as base64; None for text that is not Unicode."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return None


def text(value: Any) -> str:
    """Return the JSON as text."""
    return (encode(value) or b"").decode()


def decode(raw: bytes) -> dict[str, Any]:
    """Return attributes as moto has them from a request: binary values are bytes."""
    attrs = _decoder.decode(raw)
    if b'"B"' in raw or b'"BS"' in raw:
        return {name: _with_bytes(value) for name, value in attrs.items()}
    return attrs


def size(raw: bytes) -> int:
    """Return the bytes of names and values, as moto counts them."""
    return _size_of_map(decode(raw))


def parse_writes(operation: str, body: bytes) -> dict[str, Any] | None:
    """Return the parameters of a write of ordinary items; None for those that moto's own parser is to take.

    It converts binary values, drops nulls and unknown parts, and refuses the rest.
    """
    if operation not in _WRITES or b'"B"' in body or b'"BS"' in body or b"null" in body:
        return None
    try:
        parameters = _decoder.decode(body)
        if operation == "PutItem":
            return parameters if _is_ordinary(parameters["Item"]) else None
        ordinary = all(map(_are_ordinary_puts, parameters["RequestItems"].values()))
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return parameters if ordinary else None


def is_ordinary(handler: Any) -> bool:
    """Whether moto's handler has the parameters of `parse_writes`."""
    return "is_ordinary" in handler.__dict__


def _are_ordinary_puts(requests: list[dict[str, Any]]) -> bool:
    for request in requests:
        if list(request) != ["PutRequest"] or list(request["PutRequest"]) != ["Item"]:
            return False
        if not _is_ordinary(request["PutRequest"]["Item"]):
            return False
    return True


def _is_ordinary(attrs: dict[str, Any]) -> bool:
    values = attrs.values()
    return all((type(value.get("S")) is str and len(value) == 1) or _is_ordinary_value(value) for value in values)


def _is_ordinary_value(value: dict[str, Any]) -> bool:
    ((kind, content),) = value.items()  # ValueError if it has not one type
    if kind in _SCALARS:
        return isinstance(content, _SCALARS[kind])
    if kind == "M":
        return _is_ordinary(content)
    return kind == "L" and isinstance(content, list) and all(map(_is_ordinary_value, cast("list[Any]", content)))


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: [base64.b64decode(part) for part in content]}
    if kind == "M":
        return {kind: {name: _with_bytes(part) for name, part in content.items()}}
    if kind == "L":
        return {kind: [_with_bytes(part) for part in content]}
    return value


def _size_of_map(attrs: dict[str, Any]) -> int:
    return sum(_bytes(name) + _size_of(value) for name, value in attrs.items())


def _size_of(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "M":
        return _size_of_map(content)
    if kind == "L":
        return sum(_size_of(part) for part in content)
    if isinstance(content, list):
        return sum(_bytes(part) for part in cast("list[str | bytes]", content))
    return 1 if isinstance(content, bool) else _bytes(content)


def _bytes(value: str | bytes) -> int:
    return len(value) if isinstance(value, bytes) or value.isascii() else len(value.encode())


def _plain(value: Any) -> Any:
    if isinstance(value, DynamoType):
        return {value.type: value.value}
    if isinstance(value, Binary):
        return cast("Any", value).value
    raise TypeError(type(value))


_encoder: Final = msgspec.json.Encoder(enc_hook=_plain)
