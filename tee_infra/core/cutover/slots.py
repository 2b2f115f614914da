"""Slots: the tables of an environment, of each `ENV-vN`, and the bare tables, `legacy`; and which of them exist."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core import names
from tee_infra.core.environments import SLOT_PATTERN, Environment, resolve_stage
from tee_infra.core.names import LEGACY, PRODUCTION
from tee_infra.core.tables.catalog import TABLES
from tee_infra.errors import UsageError

FIRST_SLOT: Final = f"{PRODUCTION}-v1"
"""What people call production's own tables once there is a prod-v2."""
ROLLBACK_FOR: Final = timedelta(hours=48)
"""How long the slot before is kept ready after a switch."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A slot with at least one table. `tables`: logical -> physical names. `size_bytes` and `items` are hours old."""

    name: str
    tables: Mapping[str, str]
    created_at: datetime | None = None
    items: int = 0
    size_bytes: int = 0


def is_slot(name: str) -> bool:
    """Whether production's pointer may name it."""
    return name in (LEGACY, PRODUCTION) or re.fullmatch(SLOT_PATTERN, name) is not None


def environment_of(slot: str) -> str:
    """The environment whose pointer may name a slot: `prod` for `prod-v2` and `legacy`. Raises `UsageError`."""
    if slot == LEGACY or re.fullmatch(SLOT_PATTERN, slot):
        return PRODUCTION
    return resolve_stage(slot).name


def direction(source: str, target: str) -> tuple[str, str, str]:
    """Environment, source and target of a switch. Aliases are read. Raises `UsageError`."""
    known = [name if name == LEGACY else resolve_stage(name).name for name in (source, target)]
    environments = {environment_of(name) for name in known}
    if len(environments) > 1 or known[0] == known[1]:
        raise UsageError(
            f"--from {source} --to {target}: a switch leads from one slot of an environment to another one. Nothing "
            "was changed",
            next=f"Name two slots, e.g. --from {PRODUCTION} --to {PRODUCTION}-v2",
        )
    return environments.pop(), known[0], known[1]


def generation(slot: str) -> int:
    """Which slot is newer: 0 for `legacy`, 1 for an environment's own, 2 for `prod-v2`."""
    if slot == LEGACY:
        return 0
    return int(slot.rpartition("v")[2]) if re.fullmatch(SLOT_PATTERN, slot) else 1


def slot_named(text: str) -> Environment:
    """A slot of production as a person names it: `prod-v1` is prod itself. Raises `UsageError`, for `legacy` too."""
    if text == LEGACY:
        raise UsageError("legacy: the bare tables are not archived", next="tee-infra legacy cleanup --dry-run")
    found = resolve_stage(PRODUCTION if text == FIRST_SLOT else text, "slot")
    if not found.kind.production:
        raise UsageError(f"{found.name}: only production has slots", next=f"tee-infra slots {PRODUCTION}")
    return found


def tables_of(slot: str) -> dict[str, str]:
    """Logical -> physical names of the catalog's tables in a slot."""
    return {table.name: names.table(slot, table.name) for table in TABLES}


def dimensions_of(table: str, indexes: Iterable[str]) -> dict[str, dict[str, str]]:
    """`TABLE` and each `TABLE/INDEX` -> the dimensions under which DynamoDB publishes their consumption."""
    found = {table: {"TableName": table}}
    return found | {f"{table}/{name}": {"TableName": table, "GlobalSecondaryIndexName": name} for name in indexes}


def existing_slots(environment: str, tables: Iterable[str]) -> dict[str, dict[str, str]]:
    """Slot -> its tables, logical -> physical, of those that exist: the environment's own slot first, then by age."""
    found = set(tables)
    slots = [environment]
    if environment == PRODUCTION:
        slots = [LEGACY, PRODUCTION, *sorted(_numbered(found), key=generation)]
    present = {
        slot: {logical: physical for logical, physical in tables_of(slot).items() if physical in found}
        for slot in slots
    }
    return {slot: tables for slot, tables in present.items() if tables}


def _numbered(tables: set[str]) -> set[str]:
    pattern = re.compile(rf"({SLOT_PATTERN})-({'|'.join(table.name for table in TABLES)})")
    return {match[1] for table in tables if (match := pattern.fullmatch(table))}
