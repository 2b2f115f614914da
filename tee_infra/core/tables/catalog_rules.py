"""What DynamoDB takes of a catalog: names, numbers and types, checked when the catalog is read, not in a deployment."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tee_infra.errors import UsageError

if TYPE_CHECKING:
    from tee_infra.core.tables.catalog import Index, Table

# "Quotas in Amazon DynamoDB" and "Naming rules" of the developer guide; CreateTable's reference for the projection.
LONGEST_NAME: Final = 200
"""Of a table in the catalog: an environment's name goes before it, and both have 255 characters together."""
LONGEST_KEY_NAME: Final = 255
MOST_INDEXES: Final = 20
MOST_PROJECTED: Final = 100
MOST_PROJECTED_BY_ONE: Final = 20
_RESOURCE: Final = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_LOGICAL: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_APP_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class CatalogError(UsageError):
    """The catalog has tables that DynamoDB would refuse; `problems` has a line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(
            f"the catalog: {'; '.join(problems)}. Nothing was contacted",
            next="Correct tee_infra/core/tables/catalog.py",
        )


def check_catalog(tables: "Sequence[Table]") -> None:
    """Raises `CatalogError` with every problem."""
    if problems := list(catalog_problems(tables)):
        raise CatalogError(problems)


def check_versions(versions: "Mapping[int, Sequence[Table]]") -> None:
    """Check each version, and that all have the same tables. Raises `CatalogError`."""
    for tables in versions.values():
        check_catalog(tables)
    held = {version: [(table.name, table.app_name) for table in tables] for version, tables in versions.items()}
    newest = held[max(versions)]
    if others := [version for version, names in held.items() if names != newest]:
        raise CatalogError(
            [f"version {version} has other tables than version {max(versions)}, or another order" for version in others]
        )


def catalog_problems(tables: "Sequence[Table]") -> Iterator[str]:
    """One line for each table, index or attribute that DynamoDB or the app could not take; none for a good catalog."""
    for kind, held in (("name", [table.name for table in tables]), ("app_name", [table.app_name for table in tables])):
        for name in _twice(held):
            yield f"{len([one for one in held if one == name])} tables have the {kind} {name!r}"
    for table in tables:
        for problem in _table_problems(table):
            yield f"{table.name}: {problem}"


def _table_problems(table: "Table") -> Iterator[str]:
    if not _LOGICAL.fullmatch(table.name):
        yield "a name is lower-case letters, digits and single dashes"
    if len(table.name) > LONGEST_NAME:
        yield f"the name has {len(table.name)} characters, and {LONGEST_NAME} leave room for an environment's before it"
    if not _APP_NAME.fullmatch(table.app_name):
        yield f"app_name {table.app_name!r} is not letters and digits, a letter first"
    yield from _index_problems(table)
    yield from _key_problems(table)


def _index_problems(table: "Table") -> Iterator[str]:
    if len(table.indexes) > MOST_INDEXES:
        yield f"{len(table.indexes)} indexes, and DynamoDB allows {MOST_INDEXES}"
    for name in _twice(index.name for index in table.indexes):
        yield f"two indexes have the name {name!r}"
    for index in table.indexes:
        if not _RESOURCE.fullmatch(index.name):
            yield f"index {index.name!r}: a name is 3 to 255 letters, digits, dots, dashes and underscores"
        for problem in _projection_problems(index):
            yield f"index {index.name!r}: {problem}"
    projected = sum(len(index.projection) for index in table.indexes if isinstance(index.projection, tuple))
    if projected > MOST_PROJECTED:
        yield f"its indexes include {projected} attributes together, and DynamoDB allows {MOST_PROJECTED}"


def _projection_problems(index: "Index") -> Iterator[str]:
    if isinstance(index.projection, str):
        if index.projection not in {"ALL", "KEYS_ONLY"}:
            yield f"the projection {index.projection!r} is not ALL, KEYS_ONLY or a tuple of attributes"
        return
    if not 1 <= len(index.projection) <= MOST_PROJECTED_BY_ONE:
        yield f"it includes {len(index.projection)} attributes, and DynamoDB takes 1 to {MOST_PROJECTED_BY_ONE}"
    for name in _twice(index.projection):
        yield f"it includes {name!r} twice"
    for name in index.projection:
        if not _is_attribute(name):
            yield f"it includes {name!r}, and an attribute's name has 1 to {LONGEST_KEY_NAME} bytes"


def _key_problems(table: "Table") -> Iterator[str]:
    for place, keys in (
        ("the table", (table.partition_key, table.sort_key)),
        *((f"index {index.name!r}", (index.partition_key, index.sort_key)) for index in table.indexes),
    ):
        if keys[1] is not None and keys[0].name == keys[1].name:
            yield f"{place} has {keys[0].name!r} as both parts of its key"
    for key in table.key_attributes:
        if not _is_attribute(key.name):
            yield f"the key {key.name!r}: an attribute's name in a key has 1 to {LONGEST_KEY_NAME} bytes"
        if key.type not in {"S", "N", "B"}:
            yield f"the key {key.name!r} has the type {key.type!r}; a key is S, N or B"
    for name in _twice(key.name for key in table.key_attributes):
        types = " and ".join(key.type for key in table.key_attributes if key.name == name)
        yield f"the attribute {name!r} has two types in keys: {types}"
    expires = table.ttl_attribute
    if expires is not None and not _is_attribute(expires):
        yield f"the TTL attribute {expires!r}: a name has 1 to {LONGEST_KEY_NAME} bytes"
    if any(key.name == expires and key.type != "N" for key in table.key_attributes):
        yield f"the TTL attribute {expires!r} is a key of another type than N: no item would expire"


def _is_attribute(name: str) -> bool:
    return 1 <= len(name.encode(errors="surrogatepass")) <= LONGEST_KEY_NAME


def _twice(found: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(found).items() if count > 1)
