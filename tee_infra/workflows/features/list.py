"""Every feature environment that the registry knows, with what it holds, costs, and who is changing it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tee_infra.core.cost.environment import monthly_usd
from tee_infra.core.lifecycle.history import Entry
from tee_infra.core.lifecycle.lock import Lock
from tee_infra.core.lifecycle.record import Record
from tee_infra.core.pulumi_state.checkpoint import stack_outputs
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import UsageError
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.features.context import Home
from tee_infra.workflows.features.json_view import feature_facts, unknown_facts
from tee_infra.workflows.features.usage import Stored, stored
from tee_infra.workflows.session.data_connection import open_dynamodb

HISTORY: Final = 10
"""So many entries are shown of what was done."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One environment. Where its record cannot be read, `record` is None and `problem` says why.

    `stored` and `monthly_usd` are None for a tombstone, which has nothing.
    """

    environment: str
    record: Record | None
    problem: str = ""
    stored: Stored | None = None
    monthly_usd: float | None = None
    lock: Lock | None = None

    def facts(self, home: Home, now: datetime) -> dict[str, Any]:
        """What scripts may rely on: `feature_facts`, and what was looked up beside it."""
        known = feature_facts(home, self.record, now) if self.record else unknown_facts(self.environment)
        held = self.stored
        return known | {
            "problem": self.problem or None,
            "items": held.items if held else None,
            "bytes": held.size if held else None,
            "missing": list(held.missing) if held else [],
            "monthly_usd": round(self.monthly_usd, 4) if self.monthly_usd is not None else None,
            "lock": lock_facts(self.lock),
        }


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One environment: what `list` tells, what its stack exports, and the last of what was done to it.

    `outputs` is empty before the first `up`.
    """

    record: Record
    listed: Listed
    outputs: dict[str, Any]
    history: list[Entry]


def list_features(home: Home, *, tombstones: bool) -> list[Listed]:
    """Every environment, those whose lease ends first before the others; `tombstones`: the destroyed ones as well.

    What cannot be read comes first, and hides nothing.
    """
    records, locks = home.control.listing().records, held_locks(home.locks)
    read = {name: _checked(home, record) for name, record in records.items()}
    held = stored(open_dynamodb(home.connection), [name for name, record in read.items() if _lives(record)])
    listed = [
        _listed(home, name, record, held.get(name), locks.get(name))
        for name, record in read.items()
        if tombstones or isinstance(record, Unreadable) or record.live
    ]
    return sorted(listed, key=lambda entry: (entry.record is not None, _end(entry), entry.environment))


def show_feature(home: Home, environment: str) -> Shown:
    """One environment in full. Raises `UnregisteredError`, `UnreadableRecordError`."""
    record = require_record(home.control, environment)
    held = stored(open_dynamodb(home.connection), [environment])[environment] if record.live else None
    checkpoint = home.checkpoint(environment)
    return Shown(
        record=record,
        listed=_listed(home, environment, record, held, held_locks(home.locks).get(environment)),
        outputs=stack_outputs(checkpoint) if checkpoint else {},
        history=home.control.history(environment)[-HISTORY:],
    )


def lock_facts(lock: Lock | None) -> dict[str, str] | None:
    """A lock for scripts."""
    if lock is None:
        return None
    return {"holder": lock.holder, "purpose": lock.purpose, "since": render_time(lock.acquired_at)}


def _checked(home: Home, record: Record | Unreadable) -> Record | Unreadable:
    """A record that says what no environment can be is as good as unreadable."""
    if isinstance(record, Unreadable):
        return record
    try:
        home.settings(record)
    except UsageError as error:
        return Unreadable(reason=f"its registry record makes no sense: {error}")
    return record


def _lives(record: Record | Unreadable) -> bool:
    return isinstance(record, Record) and record.live


def _listed(
    home: Home, environment: str, record: Record | Unreadable, held: Stored | None, lock: Lock | None
) -> Listed:
    if isinstance(record, Unreadable):
        return Listed(environment=environment, record=None, problem=record.reason, lock=lock)
    return Listed(
        environment=environment,
        record=record,
        problem=record.problem,
        stored=held,
        monthly_usd=monthly_usd(home.settings(record), held.size) if held else None,
        lock=lock,
    )


def _end(entry: Listed) -> str:
    return render_time(entry.record.expires_at) if entry.record else ""
