"""Whether a migration may begin, and how long it will take; before anything is read or written.

Unlike a copy, a migration writes to production: from one slot of it to another. So nothing else may come in, and
nothing may leave; and it deletes items of the target that the source does not have, so the target is never a table
that the app has open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import environment_of
from tee_infra.core.data.copy_policy import (
    CopySide,
    PlainCopyError,
    SameTableError,
    check_same,
    copy_side,
)
from tee_infra.core.data.table_identity import TableIdentity, production_reason
from tee_infra.core.environments import Environment, parse_environment
from tee_infra.core.names import LEGACY
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.description import TableFacts
from tee_infra.core.times import render_duration
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError

LONGEST: Final = timedelta(hours=12)
"""Of copy and catch-up together: a stream keeps its records for 24 hours."""
_ITEMS_A_SECOND: Final = 3_000
"""Of one core of this machine, which all tables share."""
_UNITS_A_SECOND: Final = 4_000
"""Of a new on-demand table."""
_UNIT_BYTES: Final = 1024
_CATCH_UP: Final = 0.5
"""The time to catch up, by that of the copy: the changes of a table during its copy are fewer than its items."""

State = Literal["empty", "resumes", "has other items"]
"""What a target has before a migration: nothing, what an earlier run of it has written, or something else."""


@dataclass(frozen=True, kw_only=True)
class TableEstimate:
    """What is known of a table before its migration: `items` and `size` (bytes) are up to six hours old."""

    items: int
    size: int
    seconds: float


def migration_side(text: str) -> CopySide:
    """Read `--from` and `--to`: an environment, a slot of production, or `legacy` for the tables without a prefix.

    Raises `UsageError`.
    """
    if text == LEGACY:
        return CopySide(name=LEGACY, environment=None, tables={table.name: table.name for table in TABLES})
    side = copy_side(text)
    if side.single:
        raise UsageError(f"{text}: a migration is of all tables of an environment, a slot or legacy")
    return side


def home_of(side: CopySide) -> Environment:
    """The environment whose pointer names the slot: `prod` for each of production's, and for legacy."""
    return parse_environment(environment_of(side.name))


def check_ends(source: CopySide, target: CopySide) -> None:
    """Check what the ends are called. Raises `SameTableError`, `PlainCopyError`, `RefusedError`."""
    if source.name == target.name:
        raise SameTableError(source.name, target.name, source.name)
    if source.production and not target.production:
        raise PlainCopyError(source.name, target.name, source.production)
    if target.production and not source.production:
        raise RefusedError(
            f"{target.name}: production is only migrated from another slot of it or from legacy, and {source.name} is "
            "neither. Nothing was written",
            next=f"Name production's present slot: tee-infra migrate --from prod --to {target.name}",
        )


def check_identities(ends: tuple[CopySide, CopySide], pairs: Sequence[tuple[TableIdentity, TableIdentity]]) -> None:
    """Check what the tables are, whatever they are called. Raises as `check_ends` does."""
    check_same(ends, pairs)
    source, target = ends
    if target.production:
        return
    for one, other in pairs:
        if reason := production_reason(other):
            raise RefusedError(
                f"{other.name}: it is production, or may be: {reason}. Nothing was written",
                next="Name a target that is not production",
            )
        if reason := production_reason(one):
            raise PlainCopyError(one.name, target.name, reason, named=source.name)


def check_open_slot(
    ends: tuple[CopySide, CopySide], pointer: Pointer | Unreadable, states: Mapping[str, State]
) -> None:
    """Check that the app does not write to the target. `states` are those of the target's tables. Raises
    `RefusedError`.

    Without a pointer the target may be open, unless it is a slot: so it must be empty, or this migration's own.
    """
    source, target = ends
    home = home_of(target).name
    if isinstance(pointer, Unreadable):
        raise RefusedError(
            f"{target.name}: whether the app has it open is not known: {pointer.reason}. Nothing was written",
            next=f"See which slot is open: tee-infra migrate status {home}",
        )
    if pointer.slot != target.name:
        return
    if pointer.epoch or pointer.state != "ACTIVE":
        raise RefusedError(
            f"{target.name}: the app has it open (epoch {pointer.epoch}), so nothing else may write to it. Nothing was "
            "written",
            next=f"Migrate from {target.name} to another slot instead",
        )
    if others := [name for name, state in states.items() if state == "has other items"]:
        raise RefusedError(
            f"{target.name}: {', '.join(others)} already has items that no migration from {source.name} has written, "
            "and the app may have it open. Nothing was written",
            next="Migrate into an empty environment",
        )


def estimate(tables: Mapping[str, tuple[TableFacts, TableFacts]]) -> dict[str, TableEstimate]:
    """The time of each table's copy, all beside each other on one machine."""
    everything = sum(source.items for source, _ in tables.values()) / _ITEMS_A_SECOND
    found: dict[str, TableEstimate] = {}
    for name, (source, target) in tables.items():
        units = (source.size / _UNIT_BYTES + source.items) * (1 + target.indexes)
        found[name] = TableEstimate(
            items=source.items, size=source.size, seconds=max(everything, units / _UNITS_A_SECOND)
        )
    return found


def total_seconds(estimates: Mapping[str, TableEstimate]) -> float:
    """Copy and catch-up of all tables. Raises `RefusedError` above `LONGEST`: records would be lost before they are
    read."""
    seconds = max((each.seconds for each in estimates.values()), default=0.0) * (1 + _CATCH_UP)
    if seconds > LONGEST.total_seconds():
        raise RefusedError(
            f"migrate: copy and catch-up would take about {render_duration(timedelta(seconds=seconds))}, more than "
            f"{render_duration(LONGEST)}; a stream keeps its records for 24 hours. Nothing was written"
        )
    return seconds
