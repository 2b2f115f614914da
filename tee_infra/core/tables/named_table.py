"""A table of the catalog by what a person calls it: its name, its name without the service, or the app's own."""

from difflib import get_close_matches
from typing import Final

from tee_infra.core.tables.catalog import TABLES, Index, Table
from tee_infra.errors import UsageError

_PREFIX: Final = "tee-"


class UnknownTableError(UsageError):
    """A name of no table; `close` are the names like it."""

    def __init__(self, name: str, close: list[str]) -> None:
        self.name = name
        self.close = close
        known = ", ".join(table.name for table in TABLES)
        super().__init__(
            f"unknown table {name!r}; allowed: {known}. Nothing was contacted",
            next=f"Did you mean {' or '.join(close)}?" if close else None,
        )


class UnknownIndexError(UsageError):
    """A name of no index of `table`; `close` are the names like it."""

    def __init__(self, name: str, table: Table, close: list[str]) -> None:
        self.name = name
        self.table = table.name
        self.close = close
        known = ", ".join(index.name for index in table.indexes)
        allowed = f"its indexes are {known}" if known else "it has no index"
        super().__init__(
            f"{table.name}: no index {name!r}; {allowed}. Nothing was contacted",
            next=f"Did you mean {' or '.join(close)}?" if close else None,
        )


def named_table(name: str) -> Table:
    """The table called `tee-sync-status`, `sync-status` or `syncStatus`. Raises `UnknownTableError`."""
    for table in TABLES:
        if name in _names(table):
            return table
    spelled = {spelling.lower(): table.name for table in TABLES for spelling in _names(table)}
    close = dict.fromkeys(spelled[found] for found in get_close_matches(name.lower(), spelled))
    raise UnknownTableError(name, list(close))


def named_index(table: Table, name: str) -> Index:
    """The index of a table. Raises `UnknownIndexError`."""
    for index in table.indexes:
        if index.name == name:
            return index
    raise UnknownIndexError(name, table, get_close_matches(name, [index.name for index in table.indexes]))


def _names(table: Table) -> tuple[str, ...]:
    return (table.name, table.name.removeprefix(_PREFIX), table.app_name)
