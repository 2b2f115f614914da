from typing import Any

import pytest

from tee_infra.core.tables import catalog
from tee_infra.core.tables.catalog import TABLES, Index, Key, Table
from tee_infra.core.tables.description import TableDescription, read_description
from tee_infra.core.tables.live_schema import Schema, differences, read_schema, render_entry, schema_of

ENABLED = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


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
        ({"LocalSecondaryIndexes": [{"IndexName": "old"}]}, ENABLED, "local_indexes: none in the catalog, ('old',)"),
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


def test_local_indexes_are_said_to_have_no_place() -> None:
    schema = Schema(
        partition_key=Key("pk"),
        sort_key=None,
        indexes=(Index(name="i", partition_key=Key("a", "N")),),
        ttl_attribute=None,
        stream_view=None,
        local_indexes=("old",),
    )
    assert "'old': not supported by the catalog" in render_entry("legacy", schema)


def test_the_order_of_projected_attributes_is_no_difference() -> None:
    indexes = [Index(name="i", partition_key=Key("a"), projection=order) for order in (("x", "y"), ("y", "x"), ("x",))]
    one, other, less = (
        Schema(partition_key=Key("pk"), sort_key=None, indexes=(index,), ttl_attribute=None, stream_view=None)
        for index in indexes
    )
    assert differences(one, other) == []
    assert len(differences(one, less)) == 1
