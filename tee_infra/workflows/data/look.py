"""A look at the items of one table: by key, by partition, or the first ones of a scan. Reads only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Any

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.key_text import query_condition, read_key
from tee_infra.core.codec.masking import Mask, TypedItem, shown
from tee_infra.core.codec.raw_items import Page, RawItem
from tee_infra.core.data.table_identity import production_reason
from tee_infra.core.environments import Environment
from tee_infra.core.tables.catalog import Index, Table, in_some_version
from tee_infra.errors import UsageError
from tee_infra.workflows.data.table_io import TableAccess, get_items, query_pages, scan_pages


class NoItemError(UsageError):
    """The table has no item with this key, which is not in the message: it may be personal."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"{table}: no item with this key")


@dataclass(frozen=True, kw_only=True)
class FoundItems:
    """The first items that were found; `more`: there are others."""

    items: list[TypedItem]
    more: bool


@dataclass(frozen=True, kw_only=True)
class Look:
    """A table whose items may be read. `production`: why it is production or may be, None: it is not.

    `mask` is None where items are shown as they are.
    """

    table: Table
    access: TableAccess
    production: str | None
    mask: Mask | None

    @property
    def key_names(self) -> tuple[str, ...]:
        """The attributes of the table's key."""
        return self.access.table.key_names

    def get(self, words: tuple[str, ...]) -> TypedItem:
        """The item with a typed key, read strongly. Raises `KeyTextError`, `NoItemError`, and as `get_items` does."""
        key = read_key(self.table.name, self.access.table.key_types_by_name, words)
        with self.access.requests(Event(), Backoff()) as requests:
            found = get_items(requests, self.access.table.name, [key])
        if not found:
            raise NoItemError(self.access.table.name)
        return self._shown(found[0])

    def query(self, partition: str, *, index: Index | None, begins_with: str | None, limit: int) -> FoundItems:
        """The first items of a partition, read strongly except from an index. Raises `KeyTextError`.

        And as `query_pages` does.
        """
        own = self.access.table.key_types_by_name
        keys = own if index is None else {key.name: key.type for key in (index.partition_key, index.sort_key) if key}
        what = self.table.name if index is None else f"index {index.name}"
        condition = query_condition(what, keys, partition, begins_with) | {"Limit": limit + 1}
        condition |= {"ConsistentRead": True} if index is None else {"IndexName": index.name}
        with self.access.requests(Event(), Backoff()) as requests:
            return self._first(query_pages(requests, self.access.table.name, condition, {**own, **keys}), limit)

    def scan(self, limit: int) -> FoundItems:
        """The first items of the table, read strongly. Raises as `scan_pages` does."""
        options: Mapping[str, Any] = {"Limit": limit + 1, "ConsistentRead": True}
        with self.access.requests(Event(), Backoff()) as requests:
            return self._first(scan_pages(requests, self.access.table.name, extra=options), limit)

    def _first(self, pages: Iterable[Page], limit: int) -> FoundItems:
        """One more than `limit` is read: DynamoDB names a last key also where the limit is the last item."""
        found = list(islice((item for page in pages for item in page.items), limit + 1))
        return FoundItems(items=[self._shown(item) for item in found[:limit]], more=len(found) > limit)

    def _shown(self, item: RawItem) -> TypedItem:
        return self.mask(item) if self.mask else shown(item)


def open_look(
    dynamodb: DynamoDb, environment: Environment, table: Table, physical: str, *, show_personal: bool
) -> Look:
    """The table, by what DynamoDB says it is. Production's items are masked unless `show_personal`.

    Raises `NoTableError`, `DynamoDbError`: also where its tags cannot be read, which could say that it is production.
    """
    facts = dynamodb.table(physical)
    named = f"{environment.name} is production" if environment.kind.production else None
    production = named or production_reason(dynamodb.identity(facts))
    mask = Mask(in_some_version(table)) if production and not show_personal else None
    return Look(table=table, access=TableAccess(dynamodb.transport(), facts), production=production, mask=mask)
