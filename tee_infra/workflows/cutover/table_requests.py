"""Performs what the tasks of one table's replication ask for, on AWS."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tee_infra.aws.streams import TableStream
from tee_infra.core.cutover import requests
from tee_infra.core.cutover.journal import PositionTaken
from tee_infra.core.cutover.journal_items import StoredJournal, entry_items, sentinels_item
from tee_infra.core.cutover.requests import Answer, AwsRequest, Done, Side, Throttled, TimedOut, Written
from tee_infra.core.cutover.sentinels import token_of, without_sentinels
from tee_infra.workflows.control.environment_lock import LockHandle
from tee_infra.workflows.cutover.item_client import ItemClient
from tee_infra.workflows.cutover.journal_writer import JournalWriter
from tee_infra.workflows.cutover.sentinel_writer import SentinelWriter
from tee_infra.workflows.cutover.task_loop import Reply
from tee_infra.workflows.cutover.worker_pool import WorkerPool

Pace: TypeAlias = Callable[[], AbstractContextManager[None]]


@dataclass
class Counters:
    """What a run has done so far: items and keys acknowledged by the target, replies that were not an answer."""

    scanned: int = 0
    written: int = 0
    throttled: int = 0
    unanswered: int = 0
    throttles: dict[str, int] = field(default_factory=dict[str, int])
    """By what was throttled and why, e.g. `write of target: UnprocessedItems`."""


@dataclass(frozen=True, slots=True)
class HeldBack(Throttled):
    """The target is not to be written now."""


@dataclass
class Pools:
    """Reads of the stream have threads of their own: a slow table must not delay them."""

    items: WorkerPool[Answer]
    stream: WorkerPool[Answer]

    def close(self) -> None:
        """End the threads."""
        self.items.close()
        self.stream.close()


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the tables of a replication share. `applies` is asked before each write to a target: one that does not
    apply is held back. Each request for items is made inside `pace()`, which may wait."""

    writer: JournalWriter
    lock: LockHandle
    pools: Pools
    applies: Callable[[], bool]
    pace: Pace


class TableRequests:
    """The requests of one table. `journal` is its partition key, `name` unique to the run."""

    def __init__(
        self,
        clients: dict[Side, ItemClient],
        stream: TableStream,
        shared: Shared,
        *,
        name: str,
        journal: str,
        stored: StoredJournal,
    ) -> None:
        self._clients = clients
        self._stream = stream
        self._shared = shared
        self._journal = journal
        self._generation = stored.generation
        self._counting = threading.Lock()
        self.counters = Counters()
        self.sentinels = SentinelWriter(
            clients[Side.SOURCE],
            name,
            stored.sentinels,
            lambda reserved: shared.writer.write_now([sentinels_item(journal, reserved)]),
        )

    @property
    def generation(self) -> int:
        """That of the last position in the journal."""
        return self._generation

    def perform(self, request: AwsRequest, reply: Reply) -> None:
        """Begin a request; `reply` gets its answer or its error, in any thread."""
        match request:
            case requests.WriteJournal(entry):
                taken = isinstance(entry, PositionTaken)
                generation = self._generation + taken
                self._shared.writer.write(
                    entry_items(self._journal, entry, generation),
                    lambda answer: self._written_down(answer, generation, reply),
                )
            case requests.ReadPosition() | requests.ReadChildren() | requests.ReadRecords():
                self._shared.pools.stream.submit(lambda: self._count(request, self._read_stream(request)), reply)
            case _:
                self._shared.pools.items.submit(lambda: self._count(request, self._paced(request)), reply)

    def _written_down(self, answer: Answer | Exception, generation: int, reply: Reply) -> None:
        if isinstance(answer, Done):
            self._generation = max(self._generation, generation)
        reply(answer)

    def _read_stream(self, request: Any) -> Answer:
        match request:
            case requests.ReadPosition():
                return self._stream.position(self.sentinels.touch)
            case requests.ReadChildren(shard):
                return self._stream.children(shard)
            case requests.ReadRecords(shard, after):
                return self._stream.records(shard, after)
            case _:
                raise TypeError(request)

    def _paced(self, request: AwsRequest) -> Answer:
        with self._shared.pace():
            return self._ask_items(request)

    def _ask_items(self, request: AwsRequest) -> Answer:
        match request:
            case requests.ScanPage(side, segment, segments, after):
                return self._scan(side, segment, segments, after)
            case requests.GetItems(side, keys):
                return self._clients[side].get(keys)
            case requests.WriteItems(puts, deletes):
                return self._write(puts, deletes)
            case requests.WriteSentinel(token):
                return self.sentinels.write(token)
            case _:
                raise TypeError(request)

    def _scan(self, side: Side, segment: int, segments: int, after: bytes) -> Answer:
        page = self._clients[side].scan(segment, segments, after)
        if isinstance(page, (Throttled, TimedOut)):
            return page
        partition = self._clients[side].table.key_names[0]
        return requests.Page(without_sentinels(page.items, partition), page.last_key)

    def _write(self, puts: tuple[Any, ...], deletes: tuple[bytes, ...]) -> Answer:
        partition = self._clients[Side.TARGET].table.key_names[0]
        if any(token_of(item, partition) is not None for item in (*puts, *deletes)):
            raise ValueError("a sentinel is not an item of the target")
        self._shared.lock.check()
        if not self._shared.applies():
            return HeldBack()
        return self._clients[Side.TARGET].write(puts, deletes)

    def _count(self, request: AwsRequest, answer: Answer) -> Answer:
        with self._counting:
            counters, throttled = self.counters, ""
            match request, answer:
                case _, TimedOut():
                    counters.unanswered += 1
                case _, Throttled():
                    throttled = "" if isinstance(answer, HeldBack) else answer.reason or "throttled"
                case requests.WriteItems(puts, deletes), Written(unprocessed, refused):
                    counters.written += len(puts) + len(deletes) - len(unprocessed) - len(refused)
                    throttled = "UnprocessedItems" if unprocessed else ""
                case requests.ScanPage(), requests.Page(items):
                    counters.scanned += len(items)
                case _:
                    pass
            if throttled:
                what = f"{_what(request)}: {throttled}"
                counters.throttled += 1
                counters.throttles[what] = counters.throttles.get(what, 0) + 1
        return answer


def _what(request: AwsRequest) -> str:
    match request:
        case requests.ScanPage(side):
            return f"scan of {side}"
        case requests.GetItems(side):
            return f"read of {side}"
        case requests.WriteItems():
            return "write of target"
        case requests.WriteSentinel():
            return "write of source"
        case _:
            return "stream of source"
