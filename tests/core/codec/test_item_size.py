import base64

import msgspec
import pytest

from tee_infra.core.codec.item_size import ITEM_BYTES, ItemTooLargeError, check_size


def raw(**attributes: dict) -> bytes:
    return msgspec.json.encode(attributes)


def test_the_limit_is_dynamodb_s() -> None:
    check_size(raw(pk={"S": "x" * (ITEM_BYTES - 2)}))
    with pytest.raises(ItemTooLargeError, match="409,601 bytes") as error:
        check_size(raw(pk={"S": "x" * (ITEM_BYTES - 1)}))
    assert error.value.size == ITEM_BYTES + 1


def test_what_json_makes_longer_is_counted_as_it_is_stored() -> None:
    check_size(raw(b={"B": base64.b64encode(bytes(ITEM_BYTES - 1)).decode()}))
    check_size(b'{"s":{"S":"' + b"\\u00e9" * 200_000 + b'"}}')
    check_size(raw(n={"NS": ["1" * 38] * 12_000}))
    with pytest.raises(ItemTooLargeError):
        check_size(b'{"s":{"S":"' + b"\\u00e9" * 205_000 + b'"}}')


def test_nested_values_count() -> None:
    nested = {"L": [{"M": {"a": {"S": "x" * 1000}, "b": {"NULL": True}, "c": {"SS": ["y" * 1000]}}}] * 204}
    with pytest.raises(ItemTooLargeError):
        check_size(raw(pk=nested, more={"BS": ["AAAA"] * 1000}))
    check_size(raw(pk={"L": nested["L"][:190]}, more={"BOOL": True}))
