import base64

import msgspec

from tee_infra.core.codec.item_size import ITEM_BYTES, excess


def raw(**attributes: dict) -> bytes:
    return msgspec.json.encode(attributes)


def test_the_limit_is_dynamodb_s() -> None:
    assert excess(raw(pk={"S": "x" * (ITEM_BYTES - 2)})) is None
    assert "409,601 bytes of 409,600" in str(excess(raw(pk={"S": "x" * (ITEM_BYTES - 1)})))


def test_what_json_makes_longer_is_counted_as_it_is_stored() -> None:
    assert excess(raw(b={"B": base64.b64encode(bytes(ITEM_BYTES - 1)).decode()})) is None
    assert excess(b'{"s":{"S":"' + b"\\u00e9" * 200_000 + b'"}}') is None
    assert excess(raw(n={"NS": ["1" * 38] * 12_000})) is None
    assert excess(b'{"s":{"S":"' + b"\\u00e9" * 205_000 + b'"}}')


def test_nested_values_count() -> None:
    nested = {"L": [{"M": {"a": {"S": "x" * 1000}, "b": {"NULL": True}, "c": {"SS": ["y" * 1000]}}}] * 204}
    assert excess(raw(pk=nested, more={"BS": ["AAAA"] * 1000}))
    assert excess(raw(pk={"L": nested["L"][:190]}, more={"BOOL": True})) is None
