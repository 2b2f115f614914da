import json

from tee_infra.core.codec.masking import shown
from tee_infra.core.codec.plain_items import document

ITEM = (
    b'{"z":{"N":"12345678901234567890123456789012345678"},"a":{"M":{"b":{"L":[{"NULL":true},{"N":"-0.5E+3"}]}}},'
    b'"n":{"NS":["1","2.50"]},"t":{"SS":["x"]},"d":{"B":"AAE="},"o":{"BOOL":false},"sk":{"S":"PROFILE"},"pk":{"S":"M"}}'
)
KEY = ("pk", "sk")


def test_plain_values_with_every_digit_and_the_key_first() -> None:
    text = document(shown(ITEM), KEY, raw=False)
    assert list(json.loads(text)) == ["pk", "sk", "a", "d", "n", "o", "t", "z"]
    assert '"z": 12345678901234567890123456789012345678' in text
    assert json.loads(text, parse_float=str) == {
        "pk": "M", "sk": "PROFILE", "a": {"b": [None, "-0.5E+3"]}, "d": "AAE=", "n": [1, "2.50"], "o": False,
        "t": ["x"], "z": 12345678901234567890123456789012345678,
    }  # fmt: skip


def test_raw_is_dynamodbs_own_json() -> None:
    assert json.loads(document([shown(ITEM)], KEY, raw=True)) == [json.loads(ITEM)]
    assert document([], KEY, raw=True) == "[]"


def test_a_masked_number_is_text() -> None:
    assert json.loads(document({"n": {"N": "***"}}, KEY, raw=False)) == {"n": "***"}
