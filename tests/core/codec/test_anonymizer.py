import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.anonymizer import KEPT, KEPT_UNDECLARED, Anonymizer, UnclassifiedError, declared_types
from tee_infra.core.codec.name_pool import FIRST, LAST
from tee_infra.core.codec.pseudonyms import BECOMES, EMAIL_DOMAIN, Pseudonyms, derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.item_shapes import NOT_PERSONAL, ItemShape, Personal

ADMIN, SCHEDULES, SYNC = TABLES
PSEUDONYMS = Pseudonyms(derive_key("an example key that is long enough"))
MEMBER = {
    "pk": {"S": "MEMBER#m-1"},
    "sk": {"S": "PROFILE"},
    "memberId": {"S": "m-1"},
    "name": {"S": 'Zo\u00eb "the \\ eagle" O\'Brien'},
    "email": {"S": "zoe@example.org"},
    "phone": {"NULL": True},
    "role": {"S": "member"},
    "joinedOn": {"S": "2024-02-29"},
    "notes": {"S": ""},
    "createdAt": {"S": "2024-01-01T00:00:00Z"},
    "updatedAt": {"S": "2024-01-01T00:00:00Z"},
}


def anonymized(item: dict[str, Any], table: Table = ADMIN) -> dict[str, Any]:
    return json.loads(Anonymizer(table, PSEUDONYMS)([json.dumps(item).encode()])[0])


def test_personal_values_are_replaced_and_all_others_stay() -> None:
    found = anonymized(MEMBER)
    assert list(found) == list(MEMBER)
    kept = {"sk", "role", "createdAt", "updatedAt", "phone", "notes"}
    assert {name for name in MEMBER if found[name] == MEMBER[name]} == kept
    assert found["pk"]["S"] == f"MEMBER#{found['memberId']['S']}"


def test_what_is_kept_keeps_its_bytes() -> None:
    item = b'{"pk":{"S":"MEMBER#1"},"score":{"N":"0.10000000000000000000000000000000000001"},"role":{"S":"\\u00e9"}}'
    assert Anonymizer(ADMIN, PSEUDONYMS)([item])[0].endswith(item.partition(b",")[2])


def test_members_are_joined_across_tables() -> None:
    booking = {"pk": {"S": "MEMBER#m-1"}, "sk": {"S": "SCHEDULE#s-1"}, "memberId": {"S": "m-1"}}
    status = {"pk": {"S": "MEMBER#m-1"}, "sk": {"S": "SYNC#calendar"}, "memberId": {"S": "m-1"}}
    found = [anonymized(MEMBER), anonymized(booking, SCHEDULES), anonymized(status, SYNC)]
    assert len({item["pk"]["S"] for item in found}) == len({item["memberId"]["S"] for item in found}) == 1


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_anonymized_items_keep_the_shape_of_the_catalog(table: Table) -> None:
    for item in SyntheticData(7).items(table.name, range(30)):
        found = json.loads(Anonymizer(table, PSEUDONYMS)([item])[0])
        table.item.model_validate({k: int(v["N"]) if "N" in v else v["S"] for k, v in found.items()})


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"S": "text"}, "S"),
        ({"S": ""}, "S"),
        ({"SS": ["text"]}, "SS"),
        ({"B": "YW5uYQ=="}, "B"),
        ({"BS": ["YW5uYQ=="]}, "BS"),
        ({"M": {"anna@example.org": {"N": "1"}}}, "M"),
        ({"L": [{"N": "1"}, {"L": [{"S": "text"}]}]}, "L of L of S"),
    ],
)
def test_undeclared_attributes_that_may_hold_text_are_refused_by_name_and_not_by_value(value: Any, holds: str) -> None:
    with pytest.raises(UnclassifiedError, match=f"tee-admin: attribute 'nickname' of type {holds} ") as caught:
        anonymized(MEMBER | {"nickname": value})
    assert "anna" not in str(caught.value)
    assert (caught.value.attribute, caught.value.holds, caught.value.exit_code) == ("nickname", holds, 3)


@pytest.mark.parametrize(
    "value",
    [{"N": "1"}, {"NS": ["1"]}, {"BOOL": True}, {"NULL": True}, {"L": []}, {"L": [{"N": "1"}]}, {"M": {}}],
)
def test_undeclared_attributes_without_text_are_kept_and_counted(value: Any) -> None:
    anonymizer = Anonymizer(ADMIN, PSEUDONYMS)
    assert json.loads(anonymizer([json.dumps(MEMBER | {"extra": value}).encode()])[0])["extra"] == value
    assert anonymizer.applied["extra", KEPT_UNDECLARED] == 1


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("name", {"M": {"first": {"S": "Anna"}}}),
        ("email", {"SS": ["anna@example.org"]}),
        ("phone", {"N": "12025550147"}),
        ("role", {"L": [{"S": "anna"}]}),
        ("updatedAt", {"M": {"by": {"S": "anna"}}}),
    ],
)
def test_declared_attributes_of_another_type_are_refused(attribute: str, value: Any) -> None:
    with pytest.raises(
        UnclassifiedError, match=f"attribute '{attribute}' of type .* the catalog declares it as"
    ) as caught:
        anonymized(MEMBER | {attribute: value})
    assert "anna" not in str(caught.value).lower()


def test_every_rule_is_counted() -> None:
    anonymizer = Anonymizer(ADMIN, PSEUDONYMS)
    for items in (1, 2):
        anonymizer([json.dumps(MEMBER).encode()] * items)
    assert anonymizer.applied["email", BECOMES[Personal.EMAIL]] == 3
    assert anonymizer.applied["role", KEPT] == 3


OURS = " ".join(("MEMBER#", EMAIL_DOMAIN, *FIRST, *LAST))
"""What stands in an anonymized item whatever was there before."""
SAFE_TEXT = st.text(st.characters(codec="utf-8"), min_size=6).filter(lambda text: not text.isspace())


@given(st.fixed_dictionaries(dict.fromkeys(("name", "email", "phone", "joinedOn", "notes"), SAFE_TEXT)), SAFE_TEXT)
def test_no_personal_value_is_anywhere_in_the_output(values: dict[str, str], member: str) -> None:
    item = MEMBER | {name: {"S": value} for name, value in values.items()}
    item |= {"pk": {"S": f"MEMBER#{member}"}, "memberId": {"S": member}}
    texts = [
        value["S"]
        for name, value in anonymized(item).items()
        if name not in {"sk", "role", "createdAt", "updatedAt"}
        if "S" in value
    ]
    for value in (*values.values(), member):
        if value not in OURS and not (set(value) <= set("x#")):
            assert not any(value in text for text in texts)


def test_containers_that_the_catalog_declares_are_kept() -> None:
    class Tagged(ItemShape):
        pk: Annotated[str, Personal.IDENTIFIER]
        tags: Annotated[list[str], NOT_PERSONAL]

    item = {"pk": {"S": "MEMBER#1"}, "tags": {"L": [{"S": "vip"}]}}
    assert anonymized(item, Table(name="tagged", app_name="tagged", item=Tagged))["tags"] == item["tags"]


@pytest.mark.parametrize(
    ("annotation", "types"),
    [
        (str, {"S"}),
        (str | None, {"S", "NULL"}),
        (Annotated[int | bool, "mark"], {"N", "BOOL"}),
        (dict[str, int], {"M"}),
        (set[bytes], {"BS"}),
    ],
)
def test_python_types_are_read_as_dynamodb_types(annotation: Any, types: set[str]) -> None:
    assert declared_types(annotation) == types
