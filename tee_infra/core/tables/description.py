"""A live table as DescribeTable describes it: the one parser of its response, and the facts that the data engine uses.

`core.tables.live_schema` compares a description with the catalog, `core.tables.create_request` recreates a table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import msgspec

from tee_infra.core.tables.catalog import AttributeType, StreamView
from tee_infra.errors import RemoteError


class KeyElement(msgspec.Struct, frozen=True, rename="pascal"):
    """An attribute's part in a key."""

    attribute_name: str
    key_type: Literal["HASH", "RANGE"]


class AttributeDefinition(msgspec.Struct, frozen=True, rename="pascal"):
    """The type of a key attribute, of the table or of an index."""

    attribute_name: str
    attribute_type: AttributeType


class Projection(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Which attributes an index copies."""

    projection_type: Literal["ALL", "KEYS_ONLY", "INCLUDE"]
    non_key_attributes: tuple[str, ...] = ()


class Throughput(msgspec.Struct, frozen=True, rename="pascal"):
    """Provisioned units a second; 0 on demand."""

    read_capacity_units: int = 0
    write_capacity_units: int = 0


class StreamSpecification(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Whether there is a stream, and what is in it."""

    stream_enabled: bool
    stream_view_type: StreamView | None = None


class IndexDescription(msgspec.Struct, frozen=True, rename="pascal"):
    """A secondary index, global or local; `index_status` is a global one's. `index_size_bytes` is hours old."""

    index_name: str
    key_schema: tuple[KeyElement, ...] = ()
    projection: Projection | None = None
    index_status: str = ""
    index_size_bytes: int = 0
    provisioned_throughput: Throughput = Throughput()
    on_demand_throughput: dict[str, int] | None = None


class TableDescription(msgspec.Struct, frozen=True, rename="pascal"):
    """A table, as far as anything here goes by it. Not every emulator says all of it.

    `item_count` and `table_size_bytes` are up to six hours old on AWS.
    """

    attribute_definitions: tuple[AttributeDefinition, ...]
    key_schema: tuple[KeyElement, ...]
    table_name: str = ""
    table_arn: str = ""
    table_id: str = ""
    creation_date_time: Any = None
    latest_stream_arn: str = ""
    restore_summary: dict[str, Any] = {}
    table_status: str = ""
    item_count: int = 0
    table_size_bytes: int = 0
    provisioned_throughput: Throughput = Throughput()
    on_demand_throughput: dict[str, int] | None = None
    global_secondary_indexes: tuple[IndexDescription, ...] = ()
    local_secondary_indexes: tuple[IndexDescription, ...] = ()
    vector_indexes: tuple[dict[str, Any], ...] = ()
    replicas: tuple[dict[str, Any], ...] = ()
    global_table_witnesses: tuple[dict[str, Any], ...] = ()
    multi_region_consistency: str = ""
    stream_specification: StreamSpecification | None = None
    deletion_protection_enabled: bool = False
    billing_mode_summary: dict[str, Any] = {}
    table_class_summary: dict[str, Any] = {}
    encryption: dict[str, Any] = msgspec.field(default_factory=dict[str, Any], name="SSEDescription")

    @property
    def types(self) -> dict[str, AttributeType]:
        """Key attribute -> type."""
        return {pair.attribute_name: pair.attribute_type for pair in self.attribute_definitions}

    @property
    def streams(self) -> bool:
        """Whether its stream is on. AWS still names a table's latest stream after it was switched off."""
        return self.stream_specification is not None and self.stream_specification.stream_enabled

    @property
    def provisioned(self) -> bool:
        """Whether capacity is provisioned. AWS says nothing of a table that was never on demand."""
        return self.billing_mode_summary.get("BillingMode", "PROVISIONED") == "PROVISIONED"

    @property
    def active(self) -> bool:
        """Whether the table and its global indexes can be used and changed."""
        states = [self.table_status, *(index.index_status for index in self.global_secondary_indexes)]
        return set(states) == {"ACTIVE"}


class UnexpectedDescriptionError(RemoteError):
    """A DescribeTable response that does not describe the table that was asked for: `table`."""

    def __init__(self, table: str, reason: str) -> None:
        self.table = table
        super().__init__(f"DescribeTable of {table!r}: the reply is not DynamoDB's: {reason}")


def description_of(name: str, response: Mapping[str, Any]) -> TableDescription:
    """The description of the table `name`, or with that ARN, in the response to a DescribeTable of it.

    Raises `UnexpectedDescriptionError`.
    """
    try:
        found = read_description(response)
    except KeyError:
        raise UnexpectedDescriptionError(name, "it describes no table") from None
    except ValueError as error:
        raise UnexpectedDescriptionError(name, str(error)) from None
    if name not in (found.table_name, found.table_arn):
        raise UnexpectedDescriptionError(name, f"it describes the table {found.table_name[:255]!r}")
    keys = {element.attribute_name for element in found.key_schema}
    if not keys or not keys <= found.types.keys():
        raise UnexpectedDescriptionError(name, "it has no key")
    return found


def read_description(response: Mapping[str, Any]) -> TableDescription:
    """A DescribeTable response as botocore parses it, of whichever table. Raises `ValueError`, `KeyError`."""
    return msgspec.convert(response["Table"], TableDescription)


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """The facts about a table that the data engine uses. `items` and `size` (bytes) are up to six hours old on AWS."""

    name: str
    arn: str
    key_names: tuple[str, ...]
    key_types: tuple[str, ...]
    items: int = 0
    size: int = 0
    indexes: int = 0
    """The number of global secondary indexes, each of which copies the writes."""
    indexes_size: int = 0
    """Their total size in bytes, as old as `size`."""
    deletion_protection: bool = False
    """DynamoDB's own deletion protection."""
    id: str = ""
    """The TableId, which a table that is created again does not keep."""
    created: str = ""
    """When it was created, as text."""
    stream_arn: str = ""
    """The latest stream, empty without one."""
    restored_from: str = ""
    """The ARN of the table that DynamoDB restored it from, else empty."""
    ttl_attribute: str | None = None
    """The attribute by which items expire, in seconds since 1970; None without TTL, or if it cannot be read."""

    @property
    def key(self) -> str:
        """The key for people: `pk (S), sk (S)`."""
        return ", ".join(f"{name} ({kind})" for name, kind in zip(self.key_names, self.key_types, strict=True))

    @property
    def key_types_by_name(self) -> dict[str, str]:
        """Key attribute -> type, in the order of the key."""
        return dict(zip(self.key_names, self.key_types, strict=True))

    @classmethod
    def read(cls, description: TableDescription) -> Self:
        """The facts in a description."""
        types = description.types
        names = tuple(element.attribute_name for element in description.key_schema)
        indexes = description.global_secondary_indexes
        return cls(
            name=description.table_name,
            arn=description.table_arn,
            key_names=names,
            key_types=tuple(types[name] for name in names),
            items=description.item_count,
            size=description.table_size_bytes,
            indexes=len(indexes),
            indexes_size=sum(index.index_size_bytes for index in indexes),
            deletion_protection=description.deletion_protection_enabled,
            id=description.table_id,
            created=str(description.creation_date_time or ""),
            stream_arn=description.latest_stream_arn if description.streams else "",
            restored_from=description.restore_summary.get("SourceTableArn", ""),
        )
