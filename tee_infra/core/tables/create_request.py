"""A table's definition: everything but its items, to create an equal table.

`core/tables/live_schema.py` compares the same facts with the catalog; here they are kept to create a table from them.
"""

from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.description import IndexDescription, TableDescription


class TableDefinition(BaseModel):
    """A table without its items.

    `request` is a CreateTable request without TableName. The other fields are not accepted by CreateTable, or lost by a
    native restore; `recovery_days` is None without point-in-time recovery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: dict[str, Any]
    ttl_attribute: str | None = None
    recovery_days: int | None = None
    deletion_protection: bool = False
    tags: dict[str, str] = {}
    restoring: Annotated[str | None, Field(exclude=True)] = None
    """The mark of an unfinished restore on the table."""

    @property
    def keys(self) -> list[tuple[str, str, str]]:
        """(attribute, HASH or RANGE, type) of the table's key."""
        types = {entry["AttributeName"]: entry["AttributeType"] for entry in self.request["AttributeDefinitions"]}
        return [
            (key["AttributeName"], key["KeyType"], types[key["AttributeName"]]) for key in self.request["KeySchema"]
        ]

    @property
    def stream(self) -> dict[str, Any] | None:
        """The StreamSpecification, None without a stream."""
        return self.request.get("StreamSpecification")

    def elsewhere(self) -> "TableDefinition":
        """The same table for another environment, without this one's encryption key and tags."""
        request = {name: value for name, value in self.request.items() if name != "SSESpecification"}
        return self.model_copy(update={"request": request, "tags": {}})


def creation_request(description: TableDescription) -> dict[str, Any]:
    """The CreateTable request, without TableName, for a table like the described one."""
    provisioned, stream = description.provisioned, description.stream_specification
    request: dict[str, Any] = {
        "AttributeDefinitions": _plain(description.attribute_definitions),
        "KeySchema": _plain(description.key_schema),
        "BillingMode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        **_capacity(description, provisioned=provisioned),
    }
    if indexes := description.local_secondary_indexes:
        request["LocalSecondaryIndexes"] = [_index(index) for index in indexes]
    if indexes := description.global_secondary_indexes:
        request["GlobalSecondaryIndexes"] = [
            _index(index) | _capacity(index, provisioned=provisioned) for index in indexes
        ]
    if stream is not None and stream.stream_enabled:
        request["StreamSpecification"] = _plain(stream)
    if table_class := description.table_class_summary.get("TableClass"):
        request["TableClass"] = table_class
    if key := description.encryption.get("KMSMasterKeyArn"):
        request["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    return request


def declared_definition(table: Table) -> TableDefinition:
    """The catalog's settings beyond keys and indexes, for a deleted table. Its tags are lost."""
    stream = {"StreamEnabled": True, "StreamViewType": table.stream_view}
    return TableDefinition(
        request={"StreamSpecification": stream} if table.stream_view else {}, ttl_attribute=table.ttl_attribute
    )


def _index(index: IndexDescription) -> dict[str, Any]:
    keys, projection = _plain(index.key_schema), _plain(index.projection)
    return {"IndexName": index.index_name, "KeySchema": keys, "Projection": projection}


def _capacity(described: TableDescription | IndexDescription, *, provisioned: bool) -> dict[str, Any]:
    if provisioned:
        return {"ProvisionedThroughput": _plain(described.provisioned_throughput)}
    limits = described.on_demand_throughput
    return {"OnDemandThroughput": limits} if limits else {}


def _plain(described: Any) -> Any:
    """As DynamoDB's requests have it; lists, as a manifest and botocore do."""
    return msgspec.json.decode(msgspec.json.encode(described))
