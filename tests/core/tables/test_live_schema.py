from dataclasses import replace
from typing import Any

import pytest
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.tables import catalog
from tee_infra.core.tables.beyond_catalog import (
    BEYOND,
    COMPARED,
    INDEX_COMPARED,
    INDEX_SETTINGS,
    INDEX_STATE,
    SETTINGS,
    STATE,
    Beyond,
)
from tee_infra.core.tables.catalog import TABLES, Index, Key, Table
from tee_infra.core.tables.description import TableDescription, read_description
from tee_infra.core.tables.live_schema import (
    Schema,
    differences,
    differences_between,
    read_schema,
    render_entry,
    schema_of,
)

ENABLED = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


SEVERAL = {
    "IndexName": "by-date",
    "KeySchema": [
        {"AttributeName": "date", "KeyType": "HASH"},
        {"AttributeName": "x", "KeyType": "HASH"},
        {"AttributeName": "startTime", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "ALL"},
}


def description(**changes: Any) -> TableDescription:
    """DescribeTable's answer for `tee-schedules` as the catalog has it."""
    table = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "date", "startTime")
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by-date",
                "KeySchema": [
                    {"AttributeName": "date", "KeyType": "HASH"},
                    {"AttributeName": "startTime", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **changes,
    }
    return read_description({"Table": table})


SCHEDULES = next(table for table in TABLES if table.name == "tee-schedules")


def test_a_live_table_as_the_catalog_says_has_no_differences() -> None:
    assert differences(schema_of(SCHEDULES), read_schema(description(), ENABLED)) == []


@pytest.mark.parametrize(
    ("changes", "time_to_live", "said"),
    [
        ({"StreamSpecification": {"StreamEnabled": False}}, ENABLED, "stream_view: NEW_AND_OLD_IMAGES in the catalog"),
        ({}, {"TimeToLiveStatus": "DISABLED"}, "ttl_attribute: expiresAt in the catalog, none live"),
        ({"GlobalSecondaryIndexes": []}, ENABLED, "index by-date: only in the catalog"),
        ({"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}, ENABLED, "sort_key: Key(name='sk', type='S')"),
        ({"LocalSecondaryIndexes": [{"IndexName": "old"}]}, ENABLED, "local index 'old': local; only live, and the"),
        ({"VectorIndexes": [{"IndexName": "v"}]}, ENABLED, "vector index 'v': for vectors; only live, and the catalog"),
        ({"Replicas": [{"RegionName": "eu-west-1"}]}, ENABLED, "replica in eu-west-1: a global table; only live"),
        (
            {"GlobalTableWitnesses": [{"RegionName": "eu-west-1"}]},
            ENABLED,
            "witness in eu-west-1: a global table; only",
        ),
        ({"MultiRegionConsistency": "STRONG"}, ENABLED, "consistency STRONG of several regions: a global table; only"),
        (
            {"GlobalSecondaryIndexes": [SEVERAL]},
            ENABLED,
            "index 'by-date': its key has several attributes (date HASH, x",
        ),
    ],
)
def test_each_difference_is_one_line(changes: dict[str, Any], time_to_live: dict[str, str], said: str) -> None:
    found = differences(schema_of(SCHEDULES), read_schema(description(**changes), time_to_live))
    assert len(found) == 1
    assert found[0].startswith(said)


def test_an_index_that_projects_otherwise_differs() -> None:
    keys = [{"AttributeName": "date", "KeyType": "HASH"}, {"AttributeName": "startTime", "KeyType": "RANGE"}]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status"]}
    index = {"IndexName": "by-date", "KeySchema": keys, "Projection": projection}
    found = differences(schema_of(SCHEDULES), read_schema(description(GlobalSecondaryIndexes=[index]), ENABLED))
    assert "projection=('status',)" in found[0]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_pulled_entry_is_python_that_says_the_same(table: Table) -> None:
    text = render_entry(table.name, schema_of(table))
    (entry,) = eval(f"({text})", {name: getattr(catalog, name) for name in ("Table", "Index", "Key")})
    assert schema_of(entry) == schema_of(table)


def test_what_no_entry_can_express_is_said_in_its_text() -> None:
    live = read_schema(description(LocalSecondaryIndexes=[{"IndexName": "old"}], GlobalSecondaryIndexes=[SEVERAL]), {})
    text = render_entry("legacy", live)
    assert "# not in this entry, because the catalog cannot express it: local index 'old': local" in text
    assert "# not in this entry, because the catalog cannot express it: index 'by-date': its key has several" in text
    assert "Index(" not in text


MEMBERS = get_session().get_service_model("dynamodb").operation_model("DescribeTable").output_shape.members["Table"]


def test_every_member_of_a_description_stands_in_one_class() -> None:
    """A new one of a new botocore must be compared, said to be beyond the catalog, or known to be neither."""
    classes = (COMPARED, BEYOND, SETTINGS, STATE)
    assert sorted(member for each in classes for member in each) == sorted(MEMBERS.members)
    index = MEMBERS.members["GlobalSecondaryIndexes"].member
    of_index = (INDEX_COMPARED, INDEX_SETTINGS, INDEX_STATE)
    assert sorted(member for each in of_index for member in each) == sorted(index.members)
    keys = MEMBERS.members["KeySchema"].member, MEMBERS.members["AttributeDefinitions"].member
    assert [sorted(each.members) for each in keys] == [["AttributeName", "KeyType"], ["AttributeName", "AttributeType"]]
    assert sorted(index.members["Projection"].members) == ["NonKeyAttributes", "ProjectionType"]
    assert sorted(MEMBERS.members["StreamSpecification"].members) == ["StreamEnabled", "StreamViewType"]


@pytest.mark.parametrize("member", sorted(BEYOND))
def test_whatever_is_beyond_the_catalog_is_a_difference(member: str) -> None:
    value = "STRONG" if member == "MultiRegionConsistency" else [{"IndexName": "x", "RegionName": "x"}]
    assert len(differences(schema_of(SCHEDULES), read_schema(description(**{member: value}), ENABLED))) == 1


NAMES = st.sampled_from(["pk", "sk", "a", "b", "c"])
KEY_SCHEMAS = st.tuples(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, max_size=4)).map(
    lambda parts: [
        {"AttributeName": name, "KeyType": kind}
        for kind, part in zip(("HASH", "RANGE"), parts, strict=True)
        for name in part
    ]
)
PROJECTIONS = st.one_of(
    st.sampled_from([{"ProjectionType": "ALL"}, {"ProjectionType": "KEYS_ONLY"}]),
    st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True).map(
        lambda held: {"ProjectionType": "INCLUDE", "NonKeyAttributes": held}
    ),
)
INDEXES = st.lists(
    st.fixed_dictionaries(
        {"IndexName": st.sampled_from(["one", "two", "three"]), "KeySchema": KEY_SCHEMAS, "Projection": PROJECTIONS}
    ),
    max_size=3,
    unique_by=lambda index: index["IndexName"],
)


@settings(max_examples=60)
@given(indexes=INDEXES, local=st.booleans(), types=st.lists(st.sampled_from("SNB"), min_size=5, max_size=5))
def test_a_pulled_entry_differs_only_in_what_it_says_it_cannot_express(
    indexes: list[dict[str, Any]], local: bool, types: list[str]
) -> None:
    live = read_schema(
        description(
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in zip(["pk", "sk", *"abc"], types, strict=True)
            ],
            GlobalSecondaryIndexes=indexes,
            LocalSecondaryIndexes=[{"IndexName": "old"}] if local else [],
        ),
        ENABLED,
    )
    text = render_entry("legacy", live)
    (entry,) = eval(f"({text}\n)", {name: getattr(catalog, name) for name in ("Table", "Index", "Key")})
    found = differences(schema_of(entry), live)
    assert found == [f"{part}; only live, and the catalog cannot express it" for part in live.beyond]
    assert all(str(part) in text for part in live.beyond)


def test_the_order_of_projected_attributes_is_no_difference() -> None:
    indexes = [Index(name="i", partition_key=Key("a"), projection=order) for order in (("x", "y"), ("y", "x"), ("x",))]
    one, other, less = (
        Schema(partition_key=Key("pk"), sort_key=None, indexes=(index,), ttl_attribute=None, stream_view=None)
        for index in indexes
    )
    assert differences(one, other) == []
    assert len(differences(one, less)) == 1


def test_two_live_tables_are_named_by_their_environments() -> None:
    one, other = schema_of(SCHEDULES), replace(schema_of(SCHEDULES), indexes=(), ttl_attribute=None)
    both = "dev", "staging"
    assert differences_between(one, one, both) == []
    lines = differences_between(one, other, both)
    assert lines == ["ttl_attribute: expiresAt in dev, none in staging", "index by-date: only in dev"]
    index = Beyond("index 'by-date'", "its key has several attributes")
    assert differences_between(one, replace(other, beyond=(index,)), both)[0] == f"{index}; only in staging"
    assert not any("only in dev" in line for line in differences_between(one, replace(other, beyond=(index,)), both))
