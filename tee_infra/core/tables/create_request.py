"""A table's definition: everything but its items, to create an equal table.

`core/tables/live_schema.py` compares the same facts with the catalog; here they are kept to create a table from them.
"""

from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tee_infra.core.tables.catalog import AttributeType, StreamView, Table
from tee_infra.core.tables.description import IndexDescription, TableDescription


class _Part(BaseModel):
    """A part of a request, in which nothing else may be. A manifest comes from outside."""

    model_config = ConfigDict(extra="forbid")


class _Attribute(_Part):
    AttributeName: str
    AttributeType: AttributeType


class _KeyElement(_Part):
    AttributeName: str
    KeyType: Literal["HASH", "RANGE"]


class _Projection(_Part):
    ProjectionType: Literal["ALL", "KEYS_ONLY", "INCLUDE"]
    NonKeyAttributes: list[str] = []


class _Provisioned(_Part):
    ReadCapacityUnits: int
    WriteCapacityUnits: int


class _OnDemand(_Part):
    MaxReadRequestUnits: int | None = None
    MaxWriteRequestUnits: int | None = None


class _Index(_Part):
    IndexName: str
    KeySchema: list[_KeyElement]
    Projection: _Projection
    ProvisionedThroughput: _Provisioned | None = None
    OnDemandThroughput: _OnDemand | None = None


class _Stream(_Part):
    StreamEnabled: bool
    StreamViewType: StreamView | None = None


class _Encryption(_Part):
    Enabled: bool
    SSEType: Literal["KMS"] | None = None
    KMSMasterKeyId: str | None = None


class _Request(_Part):
    """What a restore may send to CreateTable: never a policy, tags, or a replica."""

    AttributeDefinitions: list[_Attribute] = []
    KeySchema: list[_KeyElement] = []
    BillingMode: Literal["PROVISIONED", "PAY_PER_REQUEST"] | None = None
    ProvisionedThroughput: _Provisioned | None = None
    OnDemandThroughput: _OnDemand | None = None
    LocalSecondaryIndexes: list[_Index] = []
    GlobalSecondaryIndexes: list[_Index] = []
    StreamSpecification: _Stream | None = None
    TableClass: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] | None = None
    SSESpecification: _Encryption | None = None


def _check_request(request: dict[str, Any]) -> dict[str, Any]:
    _Request.model_validate(request)
    return request


class TableDefinition(BaseModel):
    """A table without its items.

    `request` is a CreateTable request without TableName. The other fields are not accepted by CreateTable, or lost by a
    native restore; `recovery_days` is None without point-in-time recovery.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: Annotated[dict[str, Any], AfterValidator(_check_request)]
    ttl_attribute: str | None = None
    recovery_days: Annotated[int | None, Field(ge=1, le=35)] = None
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

    def at_home(self, environment: str, key_alias: str) -> "TableDefinition":
        """The same table for its own environment: with that one's key, and no `tee:` tag but the environment's."""
        request, mine = dict(self.request), {"tee:environment": environment}
        if "KMSMasterKeyId" in (encryption := request.get("SSESpecification", {})):
            request["SSESpecification"] = encryption | {"KMSMasterKeyId": key_alias}
        tags = {key: tag for key, tag in self.tags.items() if mine.get(key) == tag or not key.startswith("tee:")}
        return self.model_copy(update={"request": request, "tags": tags})

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
