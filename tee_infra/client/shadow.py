"""Repeats a share of the app's reads in both slots, in a thread of its own, and counts what differs."""

import heapq
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from itertools import count, islice
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from tee_infra.client.lease import table_name
from tee_infra.client.pointer_item import TABLE, partition_key
from tee_infra.client.raw_calls import RawCalls
from tee_infra.client.shadow_counts import LAG, Counts, ShadowReads, comparable, sort_key, window_of

FLUSH: Final = 10.0
"""Seconds between two writes of the counts."""
_WAITING: Final = 100
"""Reads that wait to be repeated; more are left out."""
_JOIN: Final = 5.0
_AT_ONCE: Final = 60
"""Counts in one write: its expression may have 4 KB (DynamoDB, Quotas)."""
_READS: Final = {"GetItem": "get_item", "Query": "query", "BatchGetItem": "batch_get_item"}
_HOOKS: Final = [f"provide-client-params.dynamodb.{operation}" for operation in _READS]


class Read(NamedTuple):
    """A read of the app, with its parameters as they were given to the client."""

    operation: str
    params: Mapping[str, Any]
    slot: str
    table: str


class ShadowReader:
    """The shadow reads of one client. A read costs the app a copy of its parameters, and never an error.

    `open_slot`: the slot that is open, None during a switch and while it is unknown.
    """

    def __init__(
        self,
        client: Any,
        calls: RawCalls,
        environment: str,
        reads: ShadowReads,
        open_slot: Callable[[], str | None],
    ) -> None:
        self._events = client.meta.events
        self._calls = calls
        self._environment = environment
        self._reads = reads
        self._open_slot = open_slot
        self._tables: dict[str, str] = {}
        self._queue: Queue[Read | None] = Queue(_WAITING)
        self._again: list[tuple[float, int, Read, str]] = []
        self._order = count()
        self._counts = Counts()
        self._closing = Event()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._now = 0.0
        for hook in _HOOKS:
            self._events.register_first(hook, self._sample)

    def named(self, name: str, table: str) -> str:
        """Note that the app has this name of a table; reads of other tables are not repeated."""
        self._tables[name] = table
        return name

    def close(self) -> None:
        """End the thread, after a last write of the counts."""
        for hook in _HOOKS:
            self._events.unregister(hook, self._sample)
        self._closing.set()
        with suppress(Full):
            self._queue.put_nowait(None)
        if self._thread is not None:
            self._thread.join(_JOIN)

    def _sample(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """botocore calls this with the parameters of each read, before it changes them (`provide-client-params`)."""
        with suppress(Exception):  # of parameters that botocore is about to refuse, and of a full queue
            names = list(params.get("RequestItems") or (params["TableName"],))
            table = self._tables.get(names[0]) if len(names) == 1 else None
            slot = self._open_slot()
            if table is None or slot in (None, self._reads.slot) or self._calls.is_sending():
                return
            drawn = random.random() * 100  # noqa: S311  # a sample, no secret
            if [table_name(slot, table)] == names and drawn < self._reads.percent:
                self._queue.put_nowait(Read(model.name, deepcopy(dict(params)), slot, table))
                self._start()

    def _start(self) -> None:
        with self._starting:
            dead = self._thread is None or not self._thread.is_alive()
            if dead and not self._closing.is_set():
                self._thread = Thread(target=self._run, name=f"shadow reads of {self._environment}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        written = time.monotonic()
        while not self._closing.is_set():
            due = min([written + FLUSH, *(again[0] for again in self._again[:1])])
            with suppress(Empty):
                read = self._queue.get(timeout=max(due - time.monotonic(), 0.001))
                if read is not None:
                    self._compare(read)
            while self._again and self._again[0][0] <= time.monotonic():
                self._compare_again(*heapq.heappop(self._again)[2:])
            if time.monotonic() >= written + FLUSH:
                self._write()
                written = time.monotonic()
        self._write()

    def _compare(self, read: Read) -> None:
        old, old_seconds = self._send(read, read.slot)
        new, new_seconds = self._send(read, self._reads.slot)
        if self._open_slot() != read.slot or old is None:
            return
        if new is None:
            self._counts.failed(read.table)
            return
        self._counts.took(old_seconds, new_seconds)
        if old and old == new:
            self._counts.read(read.table)
        elif old:
            heapq.heappush(self._again, (time.monotonic() + LAG, next(self._order), read, old))

    def _compare_again(self, read: Read, before: str) -> None:
        """The new slot has had the time to catch up; an old slot that has changed meanwhile shows nothing."""
        new, _ = self._send(read, self._reads.slot, strong=True)
        old, _ = self._send(read, read.slot, strong=True)
        if self._open_slot() != read.slot or old != before:
            return
        if new is None:
            self._counts.failed(read.table)
        elif new:
            self._counts.read(read.table, differs=new != old)

    def _send(self, read: Read, slot: str, *, strong: bool = False) -> tuple[str | None, float]:
        """The answer of a slot in one form, empty if it cannot be compared, None if there is none; and its seconds."""
        began = time.monotonic()
        try:
            params = _params(read, slot, strong=strong)
            answer, self._now = self._calls.send(_READS[read.operation], params, as_given=True)
            taken = time.monotonic() - began
            return comparable(read.operation, read.params, answer) or "", taken
        except Exception:  # counted, or left out: the thread must live
            return None, time.monotonic() - began

    def _write(self) -> None:
        """Add the counts to the item of the window; what is not written stays for the next time."""
        with suppress(Exception):
            while counts := dict(islice(self._counts.pending.items(), _AT_ONCE)):
                write_counts(self._calls, self._environment, self._reads.slot, window_of(self._now), counts)
                self._counts.drained(counts)


def _params(read: Read, slot: str, *, strong: bool) -> dict[str, Any]:
    """The parameters of a read in a slot. `strong`: a read of what is written now, where an index allows it."""
    params, name = dict(read.params), table_name(slot, read.table)
    more = {"ConsistentRead": True} if strong and "IndexName" not in params else {}
    if read.operation == "BatchGetItem":
        (keys,) = params["RequestItems"].values()
        return params | {"RequestItems": {name: keys | more}}
    return params | {"TableName": name} | more


_ADD: Final = "#c.#{0} = if_not_exists(#c.#{0}, :zero) + :{0}"
"""`ADD` is for top-level attributes only (UpdateItem, API reference)."""


def write_counts(calls: RawCalls, environment: str, slot: str, window: int, counts: Mapping[str, int]) -> None:
    """Add to the item of a window; the first write takes the place of the item of the day before.

    Raises botocore's errors: after a `ConditionalCheckFailedException` nothing was written.
    """
    names = {f"#{index}": name for index, name in enumerate(counts)}
    added = {f":{index}": {"N": str(number)} for index, number in enumerate(counts.values())}
    update: dict[str, Any] = {
        "TableName": TABLE,
        "Key": {"pk": {"S": partition_key(environment)}, "sk": {"S": sort_key(slot, window)}},
    }
    add = {
        "UpdateExpression": "SET " + ", ".join(_ADD.format(index) for index in range(len(counts))),
        "ConditionExpression": "#w = :w",
        "ExpressionAttributeNames": names | {"#c": "counts", "#w": "window"},
        "ExpressionAttributeValues": added | {":w": {"N": str(window)}, ":zero": {"N": "0"}},
    }
    begin = {
        "UpdateExpression": "SET #c = :c, #w = :w",
        "ConditionExpression": "attribute_not_exists(#w) OR #w < :w",
        "ExpressionAttributeNames": {"#c": "counts", "#w": "window"},
        "ExpressionAttributeValues": {
            ":c": {"M": {name: {"N": str(number)} for name, number in counts.items()}},
            ":w": {"N": str(window)},
        },
    }
    try:
        calls.send("update_item", update | add)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise
        calls.send("update_item", update | begin)
