import json
from typing import Any

import pytest

from tee_infra.core.codec.key_text import KeyTextError, query_condition, read_key

BOTH = {"pk": "S", "sk": "S"}


@pytest.mark.parametrize(
    ("types", "words", "key"),
    [
        (BOTH, ("MEMBER#1", "PROFILE"), {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}),
        (BOTH, ("MEMBER#1 PROFILE",), {"pk": {"S": "MEMBER#1"}, "sk": {"S": "PROFILE"}}),
        (BOTH, ("a b", 'c "d'), {"pk": {"S": "a b"}, "sk": {"S": 'c "d'}}),
        ({"pk": "S"}, ("a b",), {"pk": {"S": "a b"}}),
        ({"n": "N", "b": "B"}, ("-1.5e3", "AAE="), {"n": {"N": "-1.5e3"}, "b": {"B": "AAE="}}),
    ],
)
def test_a_key_is_read_by_its_types(types: dict[str, str], words: tuple[str, ...], key: Any) -> None:
    assert json.loads(read_key("tee-admin", types, words)) == key


@pytest.mark.parametrize(
    ("types", "words"),
    [
        (BOTH, ("secret",)),
        (BOTH, ("secret a b",)),
        (BOTH, ("", "secret")),
        (BOTH, ("secret\udcff", "a")),
        ({"pk": "S"}, ("secret", "a")),
        ({"n": "N"}, ("secret",)),
        ({"n": "N"}, ("NaN",)),
        ({"n": "N"}, ("\u0661",)),
        ({"b": "B"}, ("secret!",)),
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(types: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(KeyTextError, match="its key is") as refused:
        read_key("tee-admin", types, words)
    assert "secret" not in f"{refused.value}{refused.value.fields()}"


def test_the_condition_of_a_partition() -> None:
    assert query_condition("tee-admin", BOTH, "a", None) == {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": "a"}},
    }
    assert query_condition("tee-admin", BOTH, "a", "b") == {
        "KeyConditionExpression": "#p = :p AND begins_with(#s, :s)",
        "ExpressionAttributeNames": {"#p": "pk", "#s": "sk"},
        "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "b"}},
    }


@pytest.mark.parametrize("types", [{"pk": "S"}, {"pk": "S", "at": "N"}])
def test_only_a_sort_key_of_text_has_a_beginning(types: dict[str, str]) -> None:
    with pytest.raises(KeyTextError, match="--begins-with needs a sort key of text"):
        query_condition("tee-admin", types, "a", "b")
