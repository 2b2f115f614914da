"""The replication of all tables from one end to the other, side by side.

Its journals are in the control table, and it goes on from wherever an earlier one, or a crash, has left them. A reverse
replication is the same with the ends exchanged, and applies only while the pointer names the other slot.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.invariants import ReferenceCounts
from tee_infra.core.cutover.journal import BarrierPassed, Entry, PositionTaken, SegmentCopied
from tee_infra.core.cutover.journal_items import SEGMENTS, StoredJournal, entry_items, journal_name, read_journal
from tee_infra.core.cutover.requests import Done, Position, Side
from tee_infra.core.cutover.switch_steps import Compared
from tee_infra.core.cutover.validation import Comparison
from tee_infra.core.target import is_aws
from tee_infra.errors import RefusedError, RemoteError, TeeInfraError
from tee_infra.workflows.control.environment_lock import LockHandle
from tee_infra.workflows.cutover.item_client import ItemClient
from tee_infra.workflows.cutover.journal_writer import JournalWriter
from tee_infra.workflows.cutover.references import ReferenceCheck
from tee_infra.workflows.cutover.table_replication import ReplicatedTable, TableReplication, TableState, Tuning
from tee_infra.workflows.cutover.table_requests import Pace, Pools, Shared, TableRequests
from tee_infra.workflows.cutover.worker_pool import WorkerPool

ItemTransform: TypeAlias = Callable[[str, RawItem], RawItem]
"""`transform(table, item)`: what the target has for an item of the source; the table's name is the catalog's."""

Positions: TypeAlias = Mapping[str, dict[str, str | None]]
"""By the catalog's name of a table: shard -> the last sequence number that is not needed; JSON can hold it."""

EMBEDDED: Final = Tuning(in_flight=1.0, poll=0.05)
"""For an emulator: its requests are on no network."""
_ITEM_THREADS: Final = 24
_STREAM_THREADS: Final = 6
_TICK_SECONDS: Final = 1.0
_ATTEMPTS: Final = 5
_HEARTBEAT_SECONDS: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Both ends of a replication: what they are called, e.g. `prod` and `prod-v2`, their DynamoDB, and the tables.

    `transform` is what the target's items are made by, empty for a plain copy: another one has another journal.
    """

    source_name: str
    target_name: str
    source: DynamoDb
    target: DynamoDb
    tables: tuple[ReplicatedTable, ...]
    transform: str = ""

    def journal(self, table: ReplicatedTable) -> str:
        """The partition key of a table's journal."""
        ids = [facts.id or facts.created for facts in (table.source, table.target)]
        return journal_name(self.source_name, self.target_name, table.name, [*ids, self.transform])


def lock_name(target: str) -> str:
    """The lock of a replication: a target has one writer at a time, whatever its source."""
    return f"replication into {target}"


def switch_lock_name(environment: str) -> str:
    """The lock of a switch. While it is held, other replications of the environment hand over to it."""
    return f"switch of {environment}"


def read_journals(control: ControlItems, ends: Ends) -> dict[str, StoredJournal]:
    """The journal of each table, without starting anything. Raises `UnreadableJournalError`, and as `ControlItems`."""
    journals = {table.name: ends.journal(table) for table in ends.tables}
    return {name: read_journal(journal, control.collection(journal)[0]) for name, journal in journals.items()}


def read_position(ends: Ends) -> Positions:
    """Where the sources' streams end now, for `Replication.arm`. Needs no lock, and half a second for a quiet stream.

    An earlier position is as correct, so it may be read ahead of time. Raises `StreamOffError`, `StreamError`.
    """
    with ThreadPoolExecutor(len(ends.tables)) as threads:
        found = threads.map(lambda table: _position(ends, table), ends.tables)
        return {table.name: shards for table, shards in zip(ends.tables, found, strict=True)}


def _position(ends: Ends, table: ReplicatedTable) -> dict[str, str | None]:
    stream = ends.source.stream(table.source)
    for _ in range(_ATTEMPTS):
        answer = stream.position()
        if isinstance(answer, Position):
            return answer.shards
    raise RemoteError(f"{table.source.name}: the end of its stream could not be read")


class Replication:
    """`start` it, and `stop` it in any case. The lock is `lock_name`'s, and is held until after `stop`.

    `applies` is asked before each write to the target, from several threads: while it says no, nothing is written, and
    the stream is read no further. Each request for items is made inside `pace()`, which may wait. In tables of `kept`,
    by the catalog's names, a comparison copies nothing: what differs in a slot that was open may be an app's write.
    """

    def __init__(
        self,
        ends: Ends,
        control: ControlItems,
        lock: LockHandle,
        *,
        transform: ItemTransform | None = None,
        applies: Callable[[], bool] = lambda: True,
        pace: Pace = nullcontext,
        kept: frozenset[str] = frozenset(),
        tuning: Tuning | None = None,
    ) -> None:
        self.ends = ends
        self._control = control
        self._kept = kept
        self._transform = transform or (lambda _table, item: item)
        self._tuning = tuning or (Tuning() if is_aws("dynamodb", ends.target.endpoint) else EMBEDDED)
        self._shared = Shared(
            writer=JournalWriter(control, lock),
            lock=lock,
            pools=Pools(WorkerPool(_ITEM_THREADS, "items"), WorkerPool(_STREAM_THREADS, "stream")),
            applies=applies,
            pace=pace,
        )
        self._tables: list[TableReplication] = []
        self._clients: dict[str, dict[Side, ItemClient]] = {}
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="sentinels", daemon=True)

    def start(self, *, since_verified: bool = False) -> None:
        """Begin, or go on, in threads. Raises `UnreadableJournalError`, `StreamOffError`, and as `ControlItems`.

        `since_verified`: the tail begins where it was at the last clean comparison, so that `compare_dirtied` knows
        every key that changed since.
        """
        stored = read_journals(self._control, self.ends)
        self._tables = [self._open(table, stored[table.name], since_verified) for table in self.ends.tables]
        for table in self._tables:
            table.start()
        self._keeper.start()

    def stop(self, seconds: float = 5.0) -> bool:
        """End within `seconds`: the tail after its present pages, a bulk copy at once. Whether all ended in time.

        Everything that was acknowledged is in the journal, and the next run goes on from there.
        """
        due = time.monotonic() + seconds
        for table in self._tables:
            table.stop()
        ended = [table.loop.join(max(0.0, due - time.monotonic())) for table in self._tables]
        for table in self._tables:
            table.loop.abandon()
        self._shared.pools.close()
        self._shared.pools.items.join(max(_TICK_SECONDS, due - time.monotonic()))  # sentinels on their way
        self._stopping.set()
        if self._keeper.ident is not None:
            self._keeper.join(max(_TICK_SECONDS, due - time.monotonic()))
        self._shared.writer.close()
        return all(ended)

    @property
    def failure(self) -> Exception | None:
        """The error that ended the replication of a table; the other tables go on."""
        return next((table.loop.failure for table in self._tables if table.loop.failure is not None), None)

    def require_running(self) -> None:
        """Raises the error that ended a table's replication, if one did."""
        for table in self._tables:
            if table.loop.failure is not None:
                raise table.loop.failure
            if not table.loop.running:
                raise RemoteError(f"replication of {table.table.name}: it has ended")

    @property
    def following(self) -> bool:
        """Whether every target follows its source by the stream only."""
        return bool(self._tables) and all(table.run.following for table in self._tables)

    def states(self) -> dict[str, TableState]:
        """Where each table is."""
        return {table.table.name: table.state() for table in self._tables}

    def lag_seconds(self) -> dict[str, float | None]:
        """How long a write to each source takes to be in its target; None while unknown."""
        return {table.table.name: table.lag_seconds() for table in self._tables}

    def verified_at(self) -> dict[str, datetime | None]:
        """When the last complete comparison without a difference began."""
        return {table.table.name: table.verified_at for table in self._tables}

    def quarantined(self) -> dict[str, int]:
        """The items of each source that its target cannot have."""
        return {table.table.name: len(table.run.progress.quarantine) for table in self._tables}

    def drain(self, seconds: float) -> bool:
        """Whether within `seconds` every target has every write that its source had acknowledged before the call.

        Sentinels pass every open shard; closed ones are read to their end; everything is applied. Raises the error of
        a replication that has ended.
        """
        self.require_running()
        futures = [table.heartbeat() for table in self._tables]
        done, _ = wait(futures, seconds)
        for future in done:
            future.result()
        return len(done) == len(futures)

    def compared_at(self) -> dict[str, datetime | None]:
        """When the last complete comparison began, whatever it found."""
        return {table.table.name: table.compared_at for table in self._tables}

    def verify(self, now: datetime | None = None) -> dict[str, Comparison]:
        """Compare each table completely, side by side, and repair what differs. It takes as long as reading both sides
        twice, and references between tables a third time. A comparison without a difference renews `verified_at`, one
        with a difference takes it away, in the journal too. `now`: AWS's time, by default this machine's."""
        check = ReferenceCheck(
            self._clients, self._shared.pace, lambda: self.drain(_HEARTBEAT_SECONDS), self._stopping.is_set
        )
        references, now = check.run(), now or self._now()
        return _results(
            {
                table.table.name: table.verify(now, references.get(table.table.name, ReferenceCounts()))
                for table in self._tables
            }
        )

    def compare_dirtied(self) -> Compared:
        """Compare the keys that were copied since the last clean comparison.

        Those that are equal are not compared by the next call, unless they change again: called once before the window
        of a switch, it makes that window short. Raises `RefusedError` where no comparison is known, or the run began
        later without `since_verified`.
        """
        now = self._now()
        found = _results({table.table.name: table.compare_dirtied(now) for table in self._tables}).values()
        different = sum(len(each.different) + len(each.unsettled) + len(each.quarantined) for each in found)
        return Compared(sum(each.items for each in found), different)

    def arm(self, position: Positions) -> None:
        """Before `start`: make the journals those of a replication that has copied everything and reads the streams
        from `position`. For a reverse replication: both sides are equal when it begins.

        Raises `RefusedError` for a position without one of the tables, `LockLostError`, and as `ControlItems`.
        """
        stored = read_journals(self._control, self.ends)
        for table in self.ends.tables:
            if not position.get(table.name):
                raise RefusedError(f"replication: the position has no shard of {table.name}. Nothing was changed")
        for table in self.ends.tables:
            entries: list[Entry] = [SegmentCopied(segment, b"") for segment in range(SEGMENTS)]
            entries += [BarrierPassed(), PositionTaken(Position(position[table.name]), ())]
            generation = stored[table.name].generation + 1
            journal = self.ends.journal(table)
            self.write([item for entry in entries for item in entry_items(journal, entry, generation)])

    def _open(self, table: ReplicatedTable, stored: StoredJournal, since_verified: bool) -> TableReplication:
        name, journal = f"{table.name}.{secrets.token_hex(4)}", self.ends.journal(table)
        clients = {
            Side.SOURCE: ItemClient(self.ends.source.transport(), table.source),
            Side.TARGET: ItemClient(self.ends.target.transport(), table.target),
        }
        self._clients[table.name] = clients
        stream = self.ends.source.stream(table.source)
        requests = TableRequests(clients, stream, self._shared, name=name, journal=journal, stored=stored)
        return TableReplication(
            table,
            requests,
            stored,
            name=name,
            transform=lambda item: self._transform(table.name, item),
            tuning=self._tuning,
            since_verified=since_verified,
            repairs=table.name not in self._kept,
        )

    def _keep(self) -> None:
        """Delete sentinels, those of earlier runs once none of their writes can land any more."""
        due = time.monotonic() + self._tuning.in_flight
        while not self._stopping.wait(_TICK_SECONDS):
            self._tidy(sweep=time.monotonic() >= due)
        self._tidy(sweep=False)

    def _tidy(self, *, sweep: bool) -> None:
        for table in self._tables:
            try:
                table.requests.sentinels.tidy()
                if sweep:
                    table.requests.sentinels.sweep()
            except TeeInfraError:  # the run meets the same error, and the next one deletes them
                continue

    def write(self, items: Sequence[dict[str, Any]]) -> None:
        """Write at most 99 items of the control table while the lock is held.

        Raises `LockLostError`, and as `ControlItems`.
        """
        for _ in range(_ATTEMPTS):
            if isinstance(self._shared.writer.write_now(items), Done):
                return
            time.sleep(self._tuning.poll)
        raise RemoteError("the control table did not take the replication's state. Run the same command again")

    def _now(self) -> datetime:
        return datetime.now(UTC)


def _results(futures: dict[str, Future[Comparison]]) -> dict[str, Comparison]:
    return {name: future.result() for name, future in futures.items()}
