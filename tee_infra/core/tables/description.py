"""The facts about a live table that the data engine decides by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What DescribeTable says. `items` and `size` (bytes) are up to six hours old on AWS."""

    name: str
    arn: str
    key_names: tuple[str, ...]
    key_types: tuple[str, ...]
    items: int = 0
    size: int = 0
    indexes: int = 0
    """How many global secondary indexes copy what is written."""
    indexes_size: int = 0
    """What they hold together, in bytes, as old as `size`."""
    deletion_protection: bool = False
    """DynamoDB's own refusal to delete it."""

    @property
    def key(self) -> str:
        """The key for people: `pk (S), sk (S)`."""
        return ", ".join(f"{name} ({kind})" for name, kind in zip(self.key_names, self.key_types, strict=True))

    @classmethod
    def read(cls, description: Mapping[str, Any]) -> Self:
        """The facts in the `Table` member of a DescribeTable reply as botocore parses it."""
        types = {pair["AttributeName"]: pair["AttributeType"] for pair in description["AttributeDefinitions"]}
        names = tuple(element["AttributeName"] for element in description["KeySchema"])
        indexes = description.get("GlobalSecondaryIndexes", ())
        return cls(
            name=description["TableName"],
            arn=description.get("TableArn", ""),
            key_names=names,
            key_types=tuple(types[name] for name in names),
            items=description.get("ItemCount", 0),
            size=description.get("TableSizeBytes", 0),
            indexes=len(indexes),
            indexes_size=sum(index.get("IndexSizeBytes", 0) for index in indexes),
            deletion_protection=description.get("DeletionProtectionEnabled", False),
        )
