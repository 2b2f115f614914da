from typing import Any

import pytest

from tee_infra.core.tables.create_request import creation_request
from tee_infra.core.tables.description import (
    TableFacts,
    UnexpectedDescriptionError,
    description_of,
    read_description,
)
from tee_infra.core.tables.live_schema import read_schema

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
TYPES = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]
LEAST: dict[str, Any] = {"TableName": "dev-t", "AttributeDefinitions": TYPES, "KeySchema": KEYS}
INDEX = {"IndexName": "by-sk", "KeySchema": [KEYS[1] | {"KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}


def table(**more: Any) -> dict[str, Any]:
    return {"Table": LEAST | more, "ResponseMetadata": {"HTTPStatusCode": 200}}


def test_what_an_emulator_leaves_out_is_as_of_an_empty_table() -> None:
    facts = TableFacts.read(read_description(table()))
    assert facts == TableFacts(name="dev-t", arn="", key_names=("pk", "sk"), key_types=("S", "N"))
    assert facts.key == "pk (S), sk (N)"


def test_facts_count_what_the_indexes_hold() -> None:
    indexes = [INDEX | {"IndexSizeBytes": 3}, INDEX | {"IndexName": "other", "IndexSizeBytes": 4}]
    described = table(
        TableArn="arn", ItemCount=5, TableSizeBytes=70, GlobalSecondaryIndexes=indexes, DeletionProtectionEnabled=True
    )
    facts = TableFacts.read(read_description(described))
    assert (facts.arn, facts.items, facts.size, facts.indexes, facts.indexes_size) == ("arn", 5, 70, 2, 7)
    assert facts.deletion_protection


@pytest.mark.parametrize(
    ("more", "active"),
    [
        ({"TableStatus": "ACTIVE"}, True),
        ({"TableStatus": "UPDATING"}, False),
        ({}, False),
        ({"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [INDEX | {"IndexStatus": "ACTIVE"}]}, True),
        ({"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [INDEX | {"IndexStatus": "CREATING"}]}, False),
        ({"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [INDEX]}, False),
    ],
)
def test_a_table_is_active_with_all_of_its_indexes(more: dict[str, Any], *, active: bool) -> None:
    assert read_description(table(**more)).active is active


def test_one_description_serves_facts_schema_and_request() -> None:
    described = read_description(table(GlobalSecondaryIndexes=[INDEX]))
    assert TableFacts.read(described).key_names == ("pk", "sk")
    assert [index.name for index in read_schema(described, {}).indexes] == ["by-sk"]
    assert (
        creation_request(described)["GlobalSecondaryIndexes"][0] | INDEX
        == creation_request(described)["GlobalSecondaryIndexes"][0]
    )


@pytest.mark.parametrize(
    "broken",
    [
        {"KeySchema": None},
        {"AttributeDefinitions": [{"AttributeName": "pk"}]},
        {"ItemCount": "many"},
        {"KeySchema": {}},
    ],
)
def test_what_is_no_description_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(Expected|Object missing)"):
        read_description(table(**broken))


def test_a_table_is_found_by_its_name_and_by_its_arn() -> None:
    described = table(TableArn="arn:aws:dynamodb:eu-central-1:1:table/dev-t")
    for name in ("dev-t", "arn:aws:dynamodb:eu-central-1:1:table/dev-t"):
        assert description_of(name, described).table_name == "dev-t"


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"Table": {}},
        {"Table": {"TableName": "dev-t"}},
        table(TableName="prod-t"),
        table(TableName=""),
        table(TableName=None),
        table(KeySchema=[]),
        table(AttributeDefinitions=[]),
        table(KeySchema=[{"AttributeName": "pk", "KeyType": "SIDEWAYS"}]),
    ],
)
def test_a_reply_about_another_table_or_none_is_not_believed(response: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedDescriptionError, match="DescribeTable of 'dev-t'"):
        description_of("dev-t", response)
