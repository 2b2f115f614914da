"""What a live table has that the catalog cannot express; and what every member of DescribeTable means to a schema."""

from typing import Final, NamedTuple

from tee_infra.core.tables.description import IndexDescription, TableDescription

COMPARED: Final = frozenset({"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification"})
"""The schema itself, with the TTL attribute of DescribeTimeToLive."""
BEYOND: Final = frozenset(
    {"LocalSecondaryIndexes", "VectorIndexes", "Replicas", "GlobalTableWitnesses", "MultiRegionConsistency"}
)
"""What the catalog cannot express."""
SETTINGS: Final = frozenset(
    {
        "BillingModeSummary", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput", "TableClassSummary",
        "SSEDescription", "DeletionProtectionEnabled", "DisassociationProtectionEnabled",
        "GlobalTableSettingsReplicationMode",
    }
)  # fmt: skip
"""What the settings of an environment decide, or AWS by itself: `preview` and `refresh` compare them."""
STATE: Final = frozenset(
    {
        "TableName", "TableStatus", "CreationDateTime", "TableSizeBytes", "ItemCount", "TableArn", "TableId",
        "LatestStreamLabel", "LatestStreamArn", "GlobalTableVersion", "RestoreSummary", "ArchivalSummary",
    }
)  # fmt: skip
"""What a table is at the moment."""
INDEX_COMPARED: Final = frozenset({"IndexName", "KeySchema", "Projection"})
INDEX_SETTINGS: Final = frozenset({"ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"})
INDEX_STATE: Final = frozenset({"IndexStatus", "Backfilling", "IndexSizeBytes", "ItemCount", "IndexArn"})


class Beyond(NamedTuple):
    """A part of a live table without a place in the catalog: `what`, e.g. `index 'by-date'`, and `why`."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


def beyond_catalog(table: TableDescription) -> tuple[Beyond, ...]:
    """Everything of a live table that the catalog cannot express, in the order of names."""
    found = [
        Beyond(index_text(index.index_name), f"its key has several attributes ({_key_text(index)})")
        for index in table.global_secondary_indexes
        if has_composite_key(index)
    ]
    found += [Beyond(f"local index {index.index_name!r}", "local") for index in table.local_secondary_indexes]
    found += [Beyond(f"vector index {index.get('IndexName', '')!r}", "for vectors") for index in table.vector_indexes]
    found += [Beyond(f"replica in {replica.get('RegionName', '')}", "a global table") for replica in table.replicas]
    found += [
        Beyond(f"witness in {witness.get('RegionName', '')}", "a global table")
        for witness in table.global_table_witnesses
    ]
    if table.multi_region_consistency:
        found.append(Beyond(f"consistency {table.multi_region_consistency} of several regions", "a global table"))
    return tuple(sorted(found))


def has_composite_key(index: IndexDescription) -> bool:
    """Whether an index has several attributes in a part of its key; DynamoDB takes four in each since November 2025."""
    kinds = [element.key_type for element in index.key_schema]
    return len(set(kinds)) < len(kinds)


def index_text(name: str) -> str:
    """An index, as `Beyond.what` names it."""
    return f"index {name!r}"


def _key_text(index: IndexDescription) -> str:
    return ", ".join(f"{element.attribute_name} {element.key_type}" for element in index.key_schema)
