from typing import Any

import pytest

from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.create_request import TableDefinition, creation_request, declared_definition
from tee_infra.core.tables.description import read_description

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
ATTRIBUTES = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]
INDEX = {"IndexName": "by-date", "KeySchema": KEYS, "Projection": {"ProjectionType": "KEYS_ONLY"}}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
DESCRIPTION: dict[str, Any] = {
    "TableName": "dev-tee-admin",
    "TableStatus": "ACTIVE",
    "AttributeDefinitions": ATTRIBUTES,
    "KeySchema": KEYS,
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0},
    "OnDemandThroughput": {"MaxReadRequestUnits": 25, "MaxWriteRequestUnits": 25},
    "GlobalSecondaryIndexes": [INDEX | {"IndexStatus": "ACTIVE", "ItemCount": 7}],
    "LocalSecondaryIndexes": [INDEX | {"IndexSizeBytes": 1}],
    "StreamSpecification": STREAM,
    "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
    "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:key"},
    "DeletionProtectionEnabled": True,
}


def test_the_request_makes_a_table_like_the_described_one() -> None:
    assert creation_request(read_description({"Table": DESCRIPTION})) == {
        "AttributeDefinitions": ATTRIBUTES,
        "KeySchema": KEYS,
        "BillingMode": "PAY_PER_REQUEST",
        "OnDemandThroughput": {"MaxReadRequestUnits": 25, "MaxWriteRequestUnits": 25},
        "GlobalSecondaryIndexes": [INDEX],
        "LocalSecondaryIndexes": [INDEX],
        "StreamSpecification": STREAM,
        "TableClass": "STANDARD_INFREQUENT_ACCESS",
        "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:key"},
    }


def test_provisioned_tables_and_indexes_keep_their_capacity() -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    described = {key: DESCRIPTION[key] for key in ("AttributeDefinitions", "KeySchema")} | {
        "ProvisionedThroughput": units | {"NumberOfDecreasesToday": 1},
        "GlobalSecondaryIndexes": [INDEX | {"ProvisionedThroughput": units | {"NumberOfDecreasesToday": 0}}],
    }
    request = creation_request(read_description({"Table": described}))
    assert (request["BillingMode"], request["ProvisionedThroughput"]) == ("PROVISIONED", units)
    assert request["GlobalSecondaryIndexes"] == [INDEX | {"ProvisionedThroughput": units}]


def test_a_definition_survives_being_written_without_the_mark_of_a_restore() -> None:
    definition = TableDefinition(
        request=creation_request(read_description({"Table": DESCRIPTION})), ttl_attribute="at", restoring="new 0f"
    )
    read = TableDefinition.model_validate_json(definition.model_dump_json())
    assert read == definition.model_copy(update={"restoring": None})
    assert read.keys == [("pk", "HASH", "S"), ("sk", "RANGE", "N")]
    assert read.stream == STREAM


def test_what_belongs_to_one_environment_stays_there() -> None:
    definition = TableDefinition(
        request=creation_request(read_description({"Table": DESCRIPTION})), tags={"tee:environment": "prod"}
    ).elsewhere()
    assert "SSESpecification" not in definition.request
    assert definition.tags == {}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_catalog_says_what_a_deleted_table_had(table: Any) -> None:
    definition = declared_definition(table)
    assert definition.ttl_attribute == table.ttl_attribute
    assert definition.stream == {"StreamEnabled": True, "StreamViewType": table.stream_view}
