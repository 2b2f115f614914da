"""The final backup of a slot's tables, noted in the control table before any of them is deleted."""

from collections.abc import Mapping
from typing import Final

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core import names
from tee_infra.core.cutover.retirement import FinalBackup
from tee_infra.core.times import parse_stored_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError

_MEMBERS: Final = {"location": str, "begun_at": str, "verified": bool, "released": bool, "tables": dict, "version": int}


class RetirementChangedError(BusyError):
    """Another run deletes the tables of the same slot."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        super().__init__(
            f"{slot}: another run works on its deletion; this run changed nothing more", next="Run the command again"
        )


class Retirements:
    """The notes of one environment's slots. Raises as `ControlItems` does."""

    def __init__(self, items: ControlItems, environment: str) -> None:
        self._items = items
        self._pk = names.retirement(environment)

    def read(self, slot: str, tables: Mapping[str, str]) -> FinalBackup | Unreadable | None:
        """The note of exactly these tables (physical name -> identity), or of more; None: there is none of them.

        Tables that were created again later are others, whatever they are called.
        """
        item, _ = self._items.get(self._pk, slot)
        if item is None:
            return None
        found = _read(item)
        if isinstance(found, Unreadable):
            return found
        noted = item["tables"]
        return found if all(noted.get(name) == number for name, number in tables.items()) else None

    def write(self, slot: str, tables: Mapping[str, str], backup: FinalBackup) -> None:
        """Write a note of these tables. Raises `RetirementChangedError`."""
        item, _ = self._items.get(self._pk, slot)
        before = item["version"] if item is not None and type(item.get("version")) is int else None
        fields: Item = {**vars(backup), "begun_at": backup.begun_at.isoformat(), "tables": dict(tables)}
        fields |= {"pk": self._pk, "sk": slot, "version": (before or 0) + 1}
        if not self._items.put(fields, None if before is None else {"version": before}):
            raise RetirementChangedError(slot)


def _read(item: Item) -> FinalBackup | Unreadable:
    fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
    if {name: type(value) for name, value in fields.items()} != _MEMBERS:
        return Unreadable(
            reason=f"the note of its deletion cannot be read: its members are {', '.join(sorted(fields))}"
        )
    try:
        begun_at = parse_stored_time(fields["begun_at"])
    except ValueError as error:
        return Unreadable(reason=f"the note of its deletion cannot be read: {error}")
    return FinalBackup(
        location=fields["location"], begun_at=begun_at, verified=fields["verified"], released=fields["released"]
    )
