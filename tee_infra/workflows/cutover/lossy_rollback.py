"""A rollback without the writes made since the switch, for a transform without an inverse."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tee_infra.aws.streams import TableStream
from tee_infra.core.cutover.preflight import conditions
from tee_infra.core.cutover.rehearsal import expected_window
from tee_infra.core.cutover.requests import Children, Key, Records, Shard
from tee_infra.core.cutover.switch_steps import Compared
from tee_infra.core.cutover.switching import Bounds
from tee_infra.errors import RemoteError
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.measure import ReplicationFacts, control_latency, measure
from tee_infra.workflows.cutover.switch import PreparedSwitch
from tee_infra.workflows.cutover.tail_position import TailPosition

T = TypeVar("T")

MOST_KEYS: Final = 1000
"""Of a table; the list then says that there may be others."""
_WANTED: Final = ("tables", "pointer", "no other switch", "point-in-time recovery", "warm throughput")
"""The conditions of a switch that are about no replication."""
_EMPTY_PAGES: Final = 3
_PAUSE_SECONDS: Final = 0.2
_ATTEMPTS: Final = 20


@dataclass(kw_only=True)
class LostWrites:
    """Keys of one table that were written since the switch. `complete`: false if there may be others."""

    keys: set[Key] = field(default_factory=set[Key])
    complete: bool = True


@contextmanager
def prepared_lossy_rollback(
    context: CutoverContext, source: str, target: str, purpose: str
) -> Generator[PreparedSwitch]:
    """Measure what has to hold for opening `target` as it was at the switch. Nothing is written.

    Raises `LockedError`, and as `measure` does.
    """
    with locked(context.locks, context.switch_lock, context.actor, purpose) as lock:
        facts = measure(context, source, target, ReplicationFacts(), loss_accepted=True)
        wanted = [condition for condition in conditions(facts) if condition.name in _WANTED]
        window = expected_window(control_latency(context.pointers), 0.0, Bounds())
        yield PreparedSwitch(
            context=context,
            facts=facts,
            conditions=wanted,
            lock=lock,
            forward=_NoReplication(),
            expected_window=window,
        )


def lost_writes(context: CutoverContext, source: str, target: str, position: TailPosition) -> dict[str, LostWrites]:
    """What the streams of the open slot have since `position`, for 24 hours. Raises as `TableStream` does."""
    return {
        table.name: _since(context.dynamodb.stream(table.source), dict(position.shards[table.name]))
        for table in context.ends(source, target).tables
    }


def _since(stream: TableStream, shards: dict[Shard, str | None]) -> LostWrites:
    lost = LostWrites()
    while shards and len(lost.keys) < MOST_KEYS:
        shard, after = shards.popitem()
        if _read(stream, shard, after, lost):
            children = _answer(lambda shard=shard: stream.children(shard), Children)
            shards |= dict.fromkeys(children.shards)
    lost.complete &= not shards and len(lost.keys) < MOST_KEYS
    return lost


def _read(stream: TableStream, shard: Shard, after: str | None, lost: LostWrites) -> bool:
    """Read a shard up to its present end. Whether it is closed."""
    empty = 0
    while empty < _EMPTY_PAGES and len(lost.keys) < MOST_KEYS:
        page = _answer(lambda after=after: stream.records(shard, after), Records)
        if page.trimmed:
            lost.complete = False
            return False
        lost.keys |= {change.key for change in page.changes if change.sentinel is None}
        if page.closed:
            return True
        empty = 0 if page.changes else empty + 1
        after = page.after
        if empty:
            time.sleep(_PAUSE_SECONDS)
    return False


def _answer(ask: Callable[[], Any], kind: type[T]) -> T:
    for _ in range(_ATTEMPTS):
        found = ask()
        if isinstance(found, kind):
            return found
        time.sleep(_PAUSE_SECONDS)
    raise RemoteError("the stream of the open slot could not be read. Nothing was changed")


class _NoReplication:
    """Nothing is brought along, so nothing has to catch up."""

    def drain(self, seconds: float) -> bool:  # noqa: ARG002
        """All that is wanted is there."""
        return True

    def compare_dirtied(self) -> Compared:
        """The slots differ by what is lost."""
        return Compared(keys=0, differences=0)

    def stop(self, seconds: float) -> bool:  # noqa: ARG002
        """Nothing runs."""
        return True
