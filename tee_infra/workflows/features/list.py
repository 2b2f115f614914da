"""Every feature environment of the registry, with its data size, cost and lock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.core.cost.environment import monthly_usd
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.lock import Lock
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.json_view import feature_facts, unknown_facts
from tee_infra.workflows.features.usage import TableUsage, table_usage

HISTORY: Final = 10
"""Number of history entries that `show` prints."""


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """One environment. If its record cannot be read, `record` is None and `problem` is the reason.

    `table_usage` and `monthly_usd` are None for a tombstone.
    """

    environment: str
    record: FeatureRecord | None
    problem: str = ""
    table_usage: TableUsage | None = None
    monthly_usd: float | None = None
    lock: Lock | None = None

    def facts(self, context: FeatureContext, now: datetime) -> dict[str, Any]:
        """The JSON fields: `feature_facts`, size, cost and lock."""
        known = feature_facts(context, self.record, now) if self.record else unknown_facts(self.environment)
        held = self.table_usage
        return known | {
            "problem": self.problem or None,
            "items": held.items if held else None,
            "bytes": held.size if held else None,
            "missing": list(held.missing) if held else [],
            "monthly_usd": round(self.monthly_usd, 4) if self.monthly_usd is not None else None,
            "lock": lock_facts(self.lock),
        }


@dataclass(frozen=True, kw_only=True)
class FeatureDetail:
    """One environment: the row of `list`, the outputs of its stack, and the end of its history.

    `outputs` is empty before the first `up`. Entries of the history that cannot be read are part of `listed.problem`.
    """

    record: FeatureRecord
    listed: FeatureRow
    outputs: dict[str, Any]
    history: list[HistoryEntry]


def list_features(context: FeatureContext, *, tombstones: bool) -> list[FeatureRow]:
    """Every environment, sorted by the end of its lease; `tombstones`: also the destroyed ones.

    Environments with an unreadable record come first.
    """
    read, locks = context.records().records, held_locks(context.locks)
    held = table_usage(open_dynamodb(context.connection), [name for name, record in read.items() if _lives(record)])
    listed = [
        _listed(context, name, record, held.get(name), locks.get(name))
        for name, record in read.items()
        if tombstones or isinstance(record, Unreadable) or record.live
    ]
    return sorted(listed, key=lambda entry: (entry.record is not None, _end(entry), entry.environment))


def show_feature(context: FeatureContext, environment: str) -> FeatureDetail:
    """One environment in full. Raises `UnregisteredError`, `UnreadableRecordError`."""
    record = require_record(context.control, environment)
    held = table_usage(open_dynamodb(context.connection), [environment])[environment] if record.live else None
    checkpoint, history = context.checkpoint(environment), context.control.history(environment)
    lock = held_locks(context.locks).get(environment)
    unread = [entry.reason for entry in history if isinstance(entry, Unreadable)]
    return FeatureDetail(
        record=record,
        listed=_listed(context, environment, record, held, lock, *unread),
        outputs=dict(checkpoint.outputs) if isinstance(checkpoint, Checkpoint) else {},
        history=[entry for entry in history if isinstance(entry, HistoryEntry)][-HISTORY:],
    )


def lock_facts(lock: Lock | None) -> dict[str, str] | None:
    """A lock for scripts."""
    if lock is None:
        return None
    return {"holder": lock.holder, "purpose": lock.purpose, "since": render_time(lock.acquired_at)}


def _lives(record: FeatureRecord | Unreadable) -> bool:
    return isinstance(record, FeatureRecord) and record.live


def _listed(
    context: FeatureContext,
    environment: str,
    record: FeatureRecord | Unreadable,
    held: TableUsage | None,
    lock: Lock | Unreadable | None,
    *unread: str,
) -> FeatureRow:
    problems = [lock.reason, *unread] if isinstance(lock, Unreadable) else list(unread)
    known = lock if isinstance(lock, Lock) else None
    if isinstance(record, Unreadable):
        problem = "; ".join([record.reason, *problems])
        return FeatureRow(environment=environment, record=None, problem=problem, lock=known)
    return FeatureRow(
        environment=environment,
        record=record,
        problem="; ".join(filter(None, [record.problem, *problems])),
        table_usage=held,
        monthly_usd=monthly_usd(context.settings(record), held.size) if held else None,
        lock=known,
    )


def _end(entry: FeatureRow) -> str:
    return render_time(entry.record.expires_at) if entry.record else ""
