"""The registry of feature environments and their history, in the control table."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core import names
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.stored_record import first_problem, read_record
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError

REGISTRY: Final = "registry"


class RecordChangedError(BusyError):
    """Another run wrote the record since it was read."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment} was changed by another run in the meantime; this run did not write its record",
            next=f"Check it with tee-infra feature show {environment}, then run the same command again",
        )


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Every record by environment, tombstones too, and AWS's own time when the last page was read."""

    records: Mapping[str, FeatureRecord | Unreadable]
    asked_at: datetime


class ControlTable:
    """Records and history by environment. Raises as `ControlItems` does."""

    def __init__(self, items: ControlItems) -> None:
        self._items = items

    def listing(self) -> Listing:
        """Every record, one request per megabyte. One that cannot be read does not hide the others."""
        items, asked_at = self._items.collection(REGISTRY)
        return Listing(records={item["sk"]: read_record(item) for item in items}, asked_at=asked_at)

    def record(self, environment: str) -> FeatureRecord | Unreadable | None:
        """The record of an environment; None where there never was one."""
        item, _ = self._items.get(REGISTRY, environment)
        return read_record(item) if item else None

    def write(self, record: FeatureRecord) -> FeatureRecord:
        """Write a record unless it was written since it was read; returned with its new version.

        Raises `RecordChangedError`.
        """
        after = record.with_changes(version=record.version + 1)
        fields = after.model_dump(mode="json", exclude_none=True)
        item = {"pk": REGISTRY, "sk": record.environment, "version": after.version, "record": fields}
        if not self._items.put(item, {"version": record.version} if record.version else None):
            raise RecordChangedError(record.environment)
        return after

    def append(self, entry: HistoryEntry) -> None:
        """Append to the history."""
        moment = entry.when.astimezone(UTC).isoformat(timespec="microseconds")
        key = {"pk": names.history(entry.environment), "sk": f"{moment}#{secrets.token_hex(4)}"}
        self._items.put({**key, "entry": entry.model_dump(mode="json")}, None)

    def history(self, environment: str) -> list[HistoryEntry | Unreadable]:
        """The history of an environment, oldest first. An entry that cannot be read does not hide the others."""
        items, _ = self._items.collection(names.history(environment))
        return [_entry(item) for item in items]


def _entry(item: Item) -> HistoryEntry | Unreadable:
    try:
        return HistoryEntry.model_validate(item.get("entry"))
    except ValidationError as error:
        problem = first_problem(error, "entry")
    except (ArithmeticError, RecursionError) as error:
        problem = f"entry: {error}"
    return Unreadable(reason=f"an entry of its history cannot be read: {problem} (sk {item['sk']!r})")
