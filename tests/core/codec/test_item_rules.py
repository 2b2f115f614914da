import pytest

from tee_infra.core.codec.item_rules import ItemRefusedError, check_item, key_text
from tests.core.codec.item_cases import REFUSED, SCHEMAS, TAKEN


@pytest.mark.parametrize("case", REFUSED)
def test_what_dynamodb_refuses_is_refused_with_its_words(case: str) -> None:
    attributes, message = REFUSED[case]
    with pytest.raises(ItemRefusedError, match=message.replace(".", r"\.").replace("(", r"\(")):
        check_item({"pk": {"S": "a"}, **attributes}, SCHEMAS)


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_at_the_limit_is_taken(case: str) -> None:
    check_item({"pk": {"S": "a"}, **TAKEN[case]}, SCHEMAS)


@pytest.mark.parametrize(
    "value", [None, "a", [], {}, {"S": "a", "N": "1"}, {"X": "a"}, {"NULL": False}, {"N": 1}, {"N": " 1"}, {"L": ["a"]}]
)
def test_a_value_has_one_type(value: object) -> None:
    with pytest.raises(ItemRefusedError):
        check_item({"pk": {"S": "a"}, "v": value}, SCHEMAS)


def test_an_item_has_its_key() -> None:
    with pytest.raises(ItemRefusedError, match="Missing the key pk in the item"):
        check_item({"v": {"S": "a"}}, SCHEMAS)


def test_keys_are_equal_by_value() -> None:
    assert key_text({"n": {"N": "1.0"}}, ["n"]) == key_text({"n": {"N": "1"}}, ["n"])
    assert key_text({"n": {"S": "1.0"}}, ["n"]) != key_text({"n": {"S": "1"}}, ["n"])
