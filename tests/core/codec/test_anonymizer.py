import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tee_infra.core.codec.anonymizer import KEPT, KEPT_UNDECLARED, Anonymizer, UnclassifiedError, declared_types
from tee_infra.core.codec.name_pool import FIRST, LAST
from tee_infra.core.codec.pseudonyms import BECOMES, EMAIL_DOMAIN, Pseudonyms, derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.item_shapes import NOT_PERSONAL, Form, ItemShape, Personal, ShapeError

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


@pytest.mark.parametrize("more", ["", ',"title":{"NULL":true}'], ids=["as usual", "with a null"])
def test_what_is_kept_keeps_its_spelling(more: str) -> None:
    number, text = "0.10000000000000000000000000000000000001", "L\\u00e9 A"
    item = f'{{"pk":{{"S":"MEMBER#1"}},"expiresAt":{{"N":"{number}"}},"location":{{"S":"{text}"}}{more}}}'
    found = json.loads(Anonymizer(SCHEDULES, PSEUDONYMS)([item.encode()])[0])
    assert (found["expiresAt"], found["location"]) == ({"N": number}, {"S": "L\u00e9 A"})


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
        ({"L": [{"BOOL": True}, {"L": [{"S": "text"}]}]}, "L of L of S"),
        ({"N": "12025550147"}, "N"),
        ({"NS": ["4111111111111111"]}, "NS"),
        ({"L": [{"N": "1"}]}, "L of N"),
    ],
)
def test_undeclared_attributes_that_may_hold_text_or_numbers_are_refused_by_name_and_not_by_value(
    value: Any, holds: str
) -> None:
    with pytest.raises(UnclassifiedError, match=f"tee-admin: attribute 'nickname' of type {holds} ") as caught:
        anonymized(MEMBER | {"nickname": value})
    assert "anna" not in str(caught.value)
    assert (caught.value.attribute, caught.value.holds, caught.value.exit_code) == ("nickname", holds, 3)


@pytest.mark.parametrize(
    "value",
    [{"BOOL": True}, {"NULL": True}, {"L": []}, {"L": [{"NULL": True}]}, {"M": {}}],
)
def test_undeclared_attributes_that_say_nothing_are_kept_and_counted(value: Any) -> None:
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
        ("createdAt", {"N": "12025550147"}),
        ("sk", {"B": "YW5uYQ=="}),
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


@pytest.mark.parametrize(
    ("table", "attribute", "value"),
    [
        (ADMIN, "sk", "PROFILE#anna@example.org"),
        (ADMIN, "sk", "anna"),
        (ADMIN, "sk", "PROFILE\n"),
        (ADMIN, "role", "anna"),
        (ADMIN, "createdAt", "anna 2024-01-01T00:00:00Z"),
        (ADMIN, "pk", "m-1"),
        (SCHEDULES, "sk", "SCHEDULE#anna@example.org"),
        (SCHEDULES, "sk", "NOTE#s-1"),
        (SCHEDULES, "location", "call +1 202 555 0147"),
        (SCHEDULES, "startTime", "with anna"),
        (SYNC, "sk", "SYNC#Anna Smith"),
        (SYNC, "provider", "anna@example.org"),
    ],
)
def test_text_that_is_kept_has_the_form_of_the_catalog(table: Table, attribute: str, value: str) -> None:
    item = {"pk": {"S": "MEMBER#m-1"}} | {attribute: {"S": value}}
    with pytest.raises(UnclassifiedError, match="the catalog declares its form as ") as caught:
        anonymized(item, table)
    assert "anna" not in str(caught.value).lower()


@pytest.mark.parametrize(
    "value", ["spring of 1985", "31.12.1985", "2024-02-30", "20240229", "2024-W01-1", "0001-01-01"]
)
def test_a_date_that_cannot_be_shifted_is_refused(value: str) -> None:
    with pytest.raises(UnclassifiedError, match="declares it as a date, and this one cannot") as caught:
        anonymized(MEMBER | {"joinedOn": {"S": value}})
    assert value not in str(caught.value)


@pytest.mark.parametrize("attribute", [*MEMBER, "nickname"])
def test_null_says_nothing_and_refuses_no_table(attribute: str) -> None:
    if attribute != "pk":  # AWS refuses it as a key
        assert anonymized(MEMBER | {attribute: {"NULL": True}})[attribute] == {"NULL": True}


class Odd(ItemShape):
    pk: Annotated[str, Personal.IDENTIFIER, Form("MEMBER#.+")]
    first_name: Annotated[str, Personal.NAME, Field(alias="first-name")]
    et: Annotated[str, NOT_PERSONAL, Form("[a-z]+"), Field(alias="_et")]
    updated: Annotated[int, Personal.DATE, Field(alias="aws:rep:updatetime")]
    phone: Annotated[int, Personal.PHONE]
    card: Annotated[int | None, Personal.IDENTIFIER]


ODD = Table(name="odd", app_name="odd", item=Odd, sort_key=None)


def test_attributes_of_any_name_can_be_classified_and_numbers_replaced() -> None:
    item = {
        "pk": {"S": "MEMBER#m-1"},
        "first-name": {"S": "Anna"},
        "_et": {"S": "member"},
        "aws:rep:updatetime": {"N": "1733000000.5"},
        "phone": {"N": "12025550147"},
        "card": {"N": "4111111111111111"},
    }
    found = anonymized(item, ODD)
    assert list(found) == list(item)
    assert found["_et"] == item["_et"]
    assert 0 < 1733000000 - float(found["aws:rep:updatetime"]["N"]) < 182 * 86400
    assert found["aws:rep:updatetime"]["N"].endswith(".5")
    assert found["phone"]["N"].startswith("1555")
    assert len({*map(str, item.values()), *map(str, found.values())}) == 2 * len(item) - 1


def test_a_number_has_one_stand_in_in_all_its_spellings() -> None:
    found = [
        anonymized({"pk": {"S": "MEMBER#1"}, "card": {"N": text}}, ODD)["card"] for text in ("17", "1.7E1", "17.0")
    ]
    assert len({entry["N"] for entry in found}) == 1


class Vague(ItemShape):
    pk: Annotated[str, Personal.IDENTIFIER]


class Lists(ItemShape):
    pk: Annotated[str, NOT_PERSONAL, Form("x")]
    names: Annotated[list[str], Personal.NAME]


@pytest.mark.parametrize(("shape", "why"), [(Vague, "needs a Form with its tags"), (Lists, "L cannot be replaced")])
def test_a_shape_that_says_too_little_is_refused(shape: type[ItemShape], why: str) -> None:
    with pytest.raises(ShapeError, match=why):
        Anonymizer(Table(name="x", app_name="x", item=shape, sort_key=None), PSEUDONYMS)


OURS = " ".join(("MEMBER#", EMAIL_DOMAIN, *FIRST, *LAST))
"""What stands in an anonymized item whatever was there before."""
SAFE_TEXT = st.text(st.characters(codec="utf-8"), min_size=6).filter(lambda text: not text.isspace())


@given(st.fixed_dictionaries(dict.fromkeys(("name", "email", "phone", "notes"), SAFE_TEXT)), SAFE_TEXT)
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
        pk: Annotated[str, Personal.IDENTIFIER, Form(".+")]
        tags: Annotated[list[str], NOT_PERSONAL, Form("[a-z]+")]
        labels: Annotated[set[str], NOT_PERSONAL, Form("[a-z]+")]
        flags: Annotated[dict[str, bool], NOT_PERSONAL, Form("[a-z]+")]

    table = Table(name="tagged", app_name="tagged", item=Tagged)
    item = {
        "pk": {"S": "MEMBER#1"},
        "tags": {"L": [{"S": "vip"}, {"L": [{"N": "1"}]}]},
        "labels": {"SS": ["a", "b"]},
        "flags": {"M": {"new": {"BOOL": True}}},
    }
    assert {name: value for name, value in anonymized(item, table).items() if name != "pk"} == {
        name: value for name, value in item.items() if name != "pk"
    }
    for name, value in {
        "tags": {"L": [{"S": "vip"}, {"M": {"a": {"S": "Anna Smith"}}}]},
        "labels": {"SS": ["a", "Anna Smith"]},
        "flags": {"M": {"Anna Smith": {"BOOL": True}}},
    }.items():
        with pytest.raises(UnclassifiedError, match=name):
            anonymized(item | {name: value}, table)
    with pytest.raises(UnclassifiedError, match="tags"):
        anonymized(item | {"tags": {"L": [{"B": "YW5uYQ=="}]}}, table)


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
