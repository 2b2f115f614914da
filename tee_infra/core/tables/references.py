"""References between tables: what is true of the app's items across tables, declared beside the catalog.

A migration checks them in the new tables. One more is one entry in `REFERENCES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.catalog_rules import CatalogError


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`attribute` of each item of `table`, a text, names an item of `target`: `key` has it in place of `{}`.

    An item without the attribute names none. Tables are named as in the catalog; key attributes are texts.
    """

    table: str
    attribute: str
    target: str
    key: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.table}.{self.attribute} exists in {self.target}"


MEMBER: Final[Mapping[str, str]] = {"pk": "MEMBER#{}", "sk": "PROFILE"}

REFERENCES: Final = (
    Reference(table="tee-schedules", attribute="memberId", target="tee-admin", key=MEMBER),
    Reference(table="tee-sync-status", attribute="memberId", target="tee-admin", key=MEMBER),
)


def check_references(references: Sequence[Reference], tables: Sequence[Table]) -> None:
    """Raises `CatalogError` for one that names no table, no attribute, or another key than its target's."""
    known = {table.name: table for table in tables}
    problems: list[str] = []
    for reference in references:
        table, target = known.get(reference.table), known.get(reference.target)
        if table is None or target is None:
            problems.append(f"{reference}: there is no such table")
            continue
        if reference.attribute not in {field.alias or name for name, field in table.item.model_fields.items()}:
            problems.append(f"{reference}: the items of {table.name} have no such attribute")
        keys = [key for key in (target.partition_key, target.sort_key) if key is not None]
        if [key.name for key in keys] != list(reference.key) or any(key.type != "S" for key in keys):
            problems.append(f"{reference}: the key of {target.name} is another one")
    if problems:
        raise CatalogError(problems)


check_references(REFERENCES, TABLES)
