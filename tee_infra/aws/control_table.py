"""The registry of feature environments and their history, in the control table."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError, RemoteError

REGISTRY: Final = "registry"


class RecordChangedError(BusyError):
    """Another run wrote the record since it was read."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment} was changed by another run in the meantime; this run did not write its record",
            next=f"Check it with tee-infra feature show {environment}, then run the same command again",
        )


class UnreadableEntryError(RemoteError):
    """An entry of the history was not written by this version; `key` is its item's `pk` and `sk`."""

    def __init__(self, key: tuple[str, str], reason: str) -> None:
        self.key = key
        super().__init__(
            f"cannot read the history: {reason} (table {CONTROL_TABLE}, pk {key[0]!r}, sk {key[1]!r}). A newer "
            "tee-infra may have written it",
            next="Update tee-infra, or delete that item",
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
        return Listing(records={item["sk"]: _record(item) for item in items}, asked_at=asked_at)

    def record(self, environment: str) -> FeatureRecord | Unreadable | None:
        """The record of an environment; None where there never was one."""
        item, _ = self._items.get(REGISTRY, environment)
        return _record(item) if item else None

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
        key = {"pk": f"audit#{entry.environment}", "sk": f"{moment}#{secrets.token_hex(4)}"}
        self._items.put({**key, "entry": entry.model_dump(mode="json")}, None)

    def history(self, environment: str) -> list[HistoryEntry]:
        """The history of an environment, oldest first. Raises `UnreadableEntryError`."""
        items, _ = self._items.collection(f"audit#{environment}")
        return [_entry(item) for item in items]


def _record(item: Item) -> FeatureRecord | Unreadable:
    try:
        record = FeatureRecord.model_validate(item.get("record"))
    except ValidationError as error:
        return Unreadable(reason=f"its registry record cannot be read: {_first(error, 'record')}")
    if record.environment != item["sk"]:
        return Unreadable(reason=f"its registry record is of environment {record.environment!r}")
    if record.version != item.get("version"):
        reason = f"its registry record has version {record.version} but its item has version {item.get('version')!r}"
        return Unreadable(reason=reason)
    return record


def _entry(item: Item) -> HistoryEntry:
    try:
        return HistoryEntry.model_validate(item.get("entry"))
    except ValidationError as error:
        raise UnreadableEntryError((item["pk"], item["sk"]), _first(error, "entry")) from None


def _first(error: ValidationError, whole: str) -> str:
    """The first problem: its place and its message."""
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc']) or whole}: {first['msg']}"
