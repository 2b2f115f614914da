import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.digest import NotAnItemError
from tee_infra.core.codec.masking import Mask, shown
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.tables.catalog import TABLES

ADMIN, SCHEDULES, _ = TABLES
SECRET = "Secret"


def masked(value: dict[str, Any], name: str, table: Any = ADMIN) -> Any:
    item = Mask([table])(json.dumps({name: value}).encode())
    return item[name]


def test_personal_values_keep_their_type_and_length_and_the_others_are_shown() -> None:
    profile = {
        "pk": {"S": "MEMBER#m-17"}, "sk": {"S": "PROFILE"}, "name": {"S": "Ann Lee"}, "phone": {"NULL": True},
        "role": {"S": "member"}, "joinedOn": {"S": "2026-01-01"},
    }  # fmt: skip
    assert Mask([ADMIN])(json.dumps(profile).encode()) == profile | {
        "pk": {"S": "MEMBER#****"}, "name": {"S": "*******"}, "joinedOn": {"S": "**********"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nickname", {"S": SECRET}),  # not in the catalog
        ("role", {"S": SECRET}),  # another text than declared
        ("role", {"L": [{"S": SECRET}]}),  # another type than declared
        ("sk", {"S": f"PROFILE#{SECRET}"}),
        ("pk", {"S": SECRET}),  # no key in its form
        ("pk", {"S": f"MEMBER#{SECRET}#x#{SECRET}"}),
        ("memberId", {"S": SECRET}),
        ("name", {"M": {SECRET: {"S": SECRET}, "x": {"SS": [SECRET]}}}),
        ("more", {"BS": ["U2VjcmV0"]}),
        ("more", {"N": "41796661234"}),
    ],
)
def test_what_the_catalog_does_not_declare_as_not_personal_is_masked(name: str, value: dict[str, Any]) -> None:
    found = masked(value, name)
    assert found.keys() == value.keys()
    assert not any(text in json.dumps(found) for text in (SECRET, "U2VjcmV0", "4179"))


def test_a_boolean_that_is_not_in_the_catalog_is_personal_and_a_null_says_nothing() -> None:
    assert masked({"BOOL": True}, "smoker") == {"BOOL": "***"}
    assert masked({"NULL": True}, "smoker") == {"NULL": True}


def test_the_structure_of_a_map_stays_without_its_keys() -> None:
    value = {"M": {"a@example.org": {"L": [{"S": "x"}, {"BOOL": False}]}, "b@example.org": {"N": "12"}}}
    assert masked(value, "more") == {"M": {"*1": {"L": [{"S": "*"}, {"BOOL": "***"}]}, "*2": {"N": "**"}}}


def test_a_value_is_shown_only_where_every_version_declares_it() -> None:
    item = b'{"status":{"S":"booked"}}'
    without = replace(SCHEDULES, item=ADMIN.item)
    assert Mask([SCHEDULES])(item) == {"status": {"S": "booked"}}
    assert Mask([SCHEDULES, without])(item) == Mask([without, SCHEDULES])(item) == {"status": {"S": "******"}}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_no_personal_text_of_a_member_is_left(table: Any) -> None:
    for item in SyntheticData(1).items(table.name, range(5)):
        whole, hidden = shown(item), Mask([table])(item)
        assert hidden.keys() == whole.keys()
        for name in ("name", "email", "phone", "notes", "comment", "lastError", "memberId", "joinedOn"):
            assert set(hidden.get(name, {}).get("S", "")) <= {"*"}
        assert whole["pk"]["S"].removeprefix("MEMBER#") not in json.dumps(hidden)


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_an_unknown_attribute_shows_nothing(content: Any) -> None:
    def typed(value: Any) -> dict[str, Any]:
        if isinstance(value, str):
            return {"S": f"secret{value}"}
        if isinstance(value, list):
            return {"L": [typed(each) for each in value]}
        return {"M": {f"secret{name}": typed(each) for name, each in value.items()}}

    assert "secret" not in json.dumps(masked(typed(content), "unknown"))


@pytest.mark.parametrize(
    "item", [b"[]", b'{"a":1}', b'{"a":{}}', b'{"a":{"S":"x","N":"1"}}', b"{", b'{"a":{"S":"\xff"}}']
)
def test_what_is_no_item_is_refused_without_its_text(item: bytes) -> None:
    for read in (Mask([ADMIN]), shown):
        with pytest.raises(NotAnItemError):
            read(item)
