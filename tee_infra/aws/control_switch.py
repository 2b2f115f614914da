"""The pointer of an environment and the journal of its switches, in the control table."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from tee_infra.aws.control_store import ControlItems, Item
from tee_infra.core import names
from tee_infra.core.cutover.pointer import SORT_KEY, Pointer, expected, pointer_item, read_pointer
from tee_infra.core.cutover.switch_steps import Journal, Step
from tee_infra.core.times import parse_stored_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError

_JOURNAL, _FINISHED = "journal", "finished"
"""Sort keys: of the last switch, and of the last one that was not aborted."""
_RUN_BITS: Final = 53
"""The largest whole number that every JSON reader keeps."""


class JournalMovedError(BusyError):
    """Another run wrote the journal of the switch since this one read it."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"another run works on the switch of {environment}; this run wrote nothing more to its journal",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


@dataclass(frozen=True, kw_only=True)
class StoredJournal:
    """The last switch of an environment, and when its present step began, by AWS's clock."""

    journal: Journal
    written_at: datetime


class Pointers:
    """The pointer of one environment. Raises as `ControlItems` does."""

    def __init__(self, items: ControlItems, environment: str) -> None:
        self._items = items
        self._environment = environment

    def read(self) -> tuple[Pointer | Unreadable, datetime]:
        """The pointer by a strong read, and AWS's time. Without an item the environment's own slot is open."""
        item, now = self._items.get(names.pointer(self._environment), SORT_KEY)
        return read_pointer(item, self._environment), now

    def write(self, before: Pointer, after: Pointer) -> bool:
        """Write `after` if the pointer has the epoch of `before`. Whether the pointer is `after` now."""
        return self._items.put(pointer_item(after, self._environment), expected(before))


class SwitchJournals:
    """The journal of an environment's last switch, for one run. Raises as `ControlItems` does.

    A write is on condition of what this run read or wrote last, and each run has a number of its own: of two that
    begin the same switch one is refused, although both would write the same step.
    """

    def __init__(self, items: ControlItems, environment: str) -> None:
        self._items = items
        self._pk = names.switch_journal(environment)
        self._environment = environment
        self._run = secrets.randbits(_RUN_BITS)
        self._seen: dict[str, int] | None = None

    def read(self) -> StoredJournal | Unreadable | None:
        """The journal; None before the first switch. Its next write is on condition of this state."""
        item, _ = self._items.get(self._pk, _JOURNAL)
        self._seen = None
        if item is None:
            return None
        found = self._parse(item)
        if isinstance(found, StoredJournal):
            self._seen = {"version": found.journal.version, "run": item["run"]}
        return found

    def finished(self) -> StoredJournal | Unreadable | None:
        """The last switch that was not aborted; None before the first one."""
        item, _ = self._items.get(self._pk, _FINISHED)
        return None if item is None else self._parse(item)

    def back(self, source: str, target: str) -> StoredJournal | Unreadable | None:
        """The last switch if it went from `target` to `source`, so that `target` was open until then. Also one that
        cannot be read may have."""
        last = self.finished()
        is_another = isinstance(last, StoredJournal) and (last.journal.target, last.journal.source) != (source, target)
        return None if is_another else last

    def write(self, journal: Journal) -> None:
        """Write the step that begins. Raises `JournalMovedError`."""
        present, now = self._items.get(self._pk, _JOURNAL)
        if present is not None and present.get("run") == self._run:
            self._seen = {"version": present["version"], "run": self._run}  # a write of its own may have had no answer
        if journal.version <= (self._seen["version"] if self._seen else 0):
            raise JournalMovedError(self._environment)
        fields = {name: value for name, value in vars(journal).items() if value is not None}
        item = {"pk": self._pk, "sk": _JOURNAL, **fields, "run": self._run, "written_at": now.isoformat()}
        if journal.step == "finished":
            self._keep(item)
        if not self._items.put(item, self._seen):
            raise JournalMovedError(self._environment)
        self._seen = {"version": journal.version, "run": self._run}

    def _keep(self, journal: Item) -> None:
        """Keep a finished switch, also when the next one is aborted: a rollback takes it back."""
        present, _ = self._items.get(self._pk, _FINISHED)
        version = present["version"] if present is not None else None
        if version is None or version < journal["version"]:
            kept = self._items.put(journal | {"sk": _FINISHED}, None if version is None else {"version": version})
            if not kept:
                raise JournalMovedError(self._environment)

    def _parse(self, item: Item) -> StoredJournal | Unreadable:
        fields = {name: value for name, value in item.items() if name not in ("pk", "sk")}
        try:
            run, written_at = fields.pop("run"), parse_stored_time(fields.pop("written_at"))
            journal = Journal(**fields)
        except (KeyError, TypeError, ValueError) as error:
            return self._unreadable(str(error))
        numbers = run, journal.version, journal.epoch
        texts: tuple[Any, ...] = journal.source, journal.target, journal.position or "none"
        if any(type(number) is not int or number < 0 for number in numbers) or journal.version == 0:
            return self._unreadable("a number of it is none")
        if any(not isinstance(text, str) or not text for text in texts):
            return self._unreadable("a text of it is none")
        if journal.step not in get_args(Step) or journal.environment != self._environment:
            return self._unreadable(f"step {journal.step!r} of {journal.environment!r} is not known to this version")
        return StoredJournal(journal=journal, written_at=written_at)

    def _unreadable(self, reason: str) -> Unreadable:
        return Unreadable(reason=f"the journal of the switch of {self._environment} cannot be read: {reason}")
