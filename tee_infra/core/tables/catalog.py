"""The catalog: the app's tables, their keys and indexes, and the personal data in their items.

The one place to change when the app's schema changes: a fourth table is one more entry in every version.
A change that needs a new table is a new version, for the next slot of production; production's slots each stay at the
version in their settings. `tee-infra schema pull TABLE` prints an entry from a live table, and `tee-infra schema check`
compares these with the live tables. `catalog_rules` checks it when it is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel

from tee_infra.core.tables.catalog_rules import check_versions
from tee_infra.core.tables.item_shapes import AdminItem, ScheduleItem, SyncStatusItem

AttributeType = Literal["S", "N", "B"]
StreamView = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]


@dataclass(frozen=True)
class Key:
    """A key attribute and its DynamoDB type."""

    name: str
    type: AttributeType = "S"


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index. `projection` is ALL, KEYS_ONLY, or the attributes to include."""

    name: str
    partition_key: Key
    sort_key: Key | None = None
    projection: Literal["ALL", "KEYS_ONLY"] | tuple[str, ...] = "ALL"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the app.

    `name` is the logical one (`tee-admin`), `app_name` the key under which the app knows it (`admin`), `item` the
    shape of its items. `ttl_attribute` holds seconds since 1970; None means that items never expire.
    """

    name: str
    app_name: str
    item: type[BaseModel]
    partition_key: Key = Key("pk")
    sort_key: Key | None = Key("sk")
    indexes: tuple[Index, ...] = ()
    ttl_attribute: str | None = None
    stream_view: StreamView | None = "NEW_AND_OLD_IMAGES"

    @property
    def key_attributes(self) -> tuple[Key, ...]:
        """Every attribute that is a key of the table or of an index, once each, in order of first use."""
        keys = [self.partition_key, self.sort_key]
        for index in self.indexes:
            keys += [index.partition_key, index.sort_key]
        return tuple(dict.fromkeys(key for key in keys if key is not None))


VERSIONS: Final[Mapping[int, tuple[Table, ...]]] = {
    1: (
        Table(name="tee-admin", app_name="admin", item=AdminItem),
        Table(
            name="tee-schedules",
            app_name="schedules",
            item=ScheduleItem,
            indexes=(Index(name="by-date", partition_key=Key("date"), sort_key=Key("startTime")),),
            ttl_attribute="expiresAt",
        ),
        Table(
            name="tee-sync-status",
            app_name="syncStatus",
            item=SyncStatusItem,
            indexes=(Index(name="by-state", partition_key=Key("state"), sort_key=Key("updatedAt")),),
            ttl_attribute="expiresAt",
        ),
    ),
}
"""Every version that an environment has or may have. The tables of all have the same names: a switch pairs them."""

TABLES: Final = VERSIONS[max(VERSIONS)]
"""The newest version: what development works with."""

check_versions(VERSIONS)


def tables_of(version: int | None) -> tuple[Table, ...]:
    """The tables of a version; None: the newest."""
    return VERSIONS[max(VERSIONS) if version is None else version]


def in_some_version(table: Table) -> tuple[Table, ...]:
    """The same table in every version: what holds for each of production's slots."""
    return tuple(one for tables in VERSIONS.values() for one in tables if one.name == table.name)
