"""The slots of an environment: which exist, which is open, how far each follows it, and for how long one is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers, StoredJournal, SwitchJournals
from tee_infra.aws.slot_tables import SlotDeniedError, SlotTableReader
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import ROLLBACK_FOR, Slot, existing_slots
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.description import TableFacts
from tee_infra.core.times import parse_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cutover.status import present_lags


@dataclass(frozen=True, kw_only=True)
class SlotRow:
    """One slot. `lag_seconds`: behind the open slot; None for the open one, and where no replication says it.

    `kept_until`: the end of the time in which a rollback to it is possible, and its archive date; None if it was not
    the open slot before the last switch.
    """

    slot: Slot
    is_open: bool
    lag_seconds: float | None
    kept_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Slots:
    """The slots of `environment`. `switch` is the last switch; `now` is AWS's time.

    `denied`: slots whose tables this identity must not describe, which are in no row.
    """

    environment: str
    pointer: Pointer | Unreadable
    switch: StoredJournal | Unreadable | None
    rows: list[SlotRow]
    denied: list[Unreadable]
    now: datetime


def list_slots(items: ControlItems, reader: SlotTableReader, environment: str) -> Slots:
    """The slots with at least one table. Raises as `ControlItems` and `SlotTableReader` do."""
    pointer, now = Pointers(items, environment).read()
    journals = SwitchJournals(items, environment)
    switch, finished = journals.read(), journals.finished()
    found = existing_slots(environment, reader.names())
    open_slot = pointer.slot if isinstance(pointer, Pointer) else None
    lags = present_lags(items, parse_environment(environment))
    described = {name: _slot(reader, name, tables) for name, tables in found.items()}
    rows = [
        SlotRow(
            slot=slot,
            is_open=name == open_slot,
            lag_seconds=lags.get((open_slot, name)) if open_slot else None,
            kept_until=_kept_until(name, open_slot, finished),
        )
        for name, slot in described.items()
        if isinstance(slot, Slot)
    ]
    denied = [slot for slot in described.values() if isinstance(slot, Unreadable)]
    return Slots(environment=environment, pointer=pointer, switch=switch, rows=rows, denied=denied, now=now)


def hours_left(row: SlotRow, now: datetime) -> float | None:
    """Hours in which a rollback to the slot is possible; None where it is not about a rollback."""
    return None if row.kept_until is None else max(row.kept_until - now, timedelta()) / timedelta(hours=1)


def _slot(reader: SlotTableReader, name: str, tables: dict[str, str]) -> Slot | Unreadable:
    try:
        facts = [found for physical in tables.values() if (found := reader.facts(physical)) is not None]
    except SlotDeniedError as error:
        return Unreadable(reason=f"{name}: {error.message}. {error.next}")
    return Slot(
        name=name,
        tables=tables,
        created_at=min((_created(each) for each in facts), default=None),
        items=sum(each.items for each in facts),
        size_bytes=sum(each.size for each in facts),
    )


def _created(table: TableFacts) -> datetime:
    return parse_time(table.created)


def _kept_until(name: str, open_slot: str | None, finished: StoredJournal | Unreadable | None) -> datetime | None:
    if not isinstance(finished, StoredJournal):
        return None
    journal = finished.journal
    return finished.written_at + ROLLBACK_FOR if (journal.target, journal.source) == (open_slot, name) else None
