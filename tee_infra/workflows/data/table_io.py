"""Reading and writing a table in bulk: pages of a segment, and items until each is acknowledged."""

import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.item_size import ITEM_BYTES, check_size
from tee_infra.core.codec.raw_items import (
    BATCH_BYTES,
    BATCH_ITEMS,
    BATCH_KEYS,
    Page,
    RawItem,
    get_body,
    parse_found,
    parse_nothing,
    parse_page,
    parse_unwritten,
    put_body,
    put_new_body,
    scan_body,
)
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.request_loop import RequestRefusedError, Requests, SharedRateLimiter
from tee_infra.workflows.data.transport import Transport

_COMPACT: Final = 4096


@dataclass(frozen=True)
class TableAccess:
    """One table, its transport, and the pace shared by all its users."""

    transport: Transport
    table: TableFacts
    pace: SharedRateLimiter = field(default_factory=SharedRateLimiter)

    @contextmanager
    def requests(self, stop: threading.Event, backoff: Backoff, width: int = 1) -> Generator[Requests]:
        """A worker's requests to the table, up to `width` at once."""
        lane = self.transport.lane(width)
        try:
            yield Requests(lane, self.pace, backoff, stop)
        finally:
            lane.close()


def scan_pages(
    requests: Requests,
    table: str,
    segment: int = 0,
    segments: int = 1,
    extra: Mapping[str, Any] | None = None,
    *,
    start: bytes = b"",
) -> Generator[Page]:
    """The pages of a segment after the raw key `start`; `extra` are fields of the request such as a filter."""
    units = 0.0
    while True:
        body = scan_body(table, segment=segment, segments=segments, start=start, extra=extra)
        page = requests.call("Scan", body, parse_page, units)
        requests.pace.settle(units, page.units, 0.0)
        requests.tally.units += page.units
        units, start = page.units, page.last_key
        yield page
        if not start:
            return


def put_items(requests: Requests, table: str, items: Sequence[RawItem]) -> None:
    """Write items with several requests at once; returns when every item is acknowledged.

    Unprocessed items are sent again with the unsent ones, so that requests stay full. No two items may have the same
    key. Raises `ItemTooLargeError` before the first request.
    """
    requests.acknowledged()
    queue, sent = _Queue(items), deque[_Sent]()
    while queue or sent:
        if queue and len(sent) < requests.lane.width and not requests.failed:
            batch = queue.take()
            units = requests.tally.units_an_item * len(batch)
            due = time.monotonic() + requests.pace.take(units)
            # Replies are read while waiting, since they adjust the pace.
            while sent and (left := due - time.monotonic()) > 0 and requests.lane.ready(left):
                _settle(requests, queue, sent.popleft())
            requests.wait(due - time.monotonic())
            requests.send("BatchWriteItem", put_body(table, batch))
            sent.append(_Sent(batch, units))
        elif sent:
            _settle(requests, queue, sent.popleft())
        else:
            requests.rest("BatchWriteItem")


def get_items(requests: Requests, table: str, keys: Sequence[RawItem]) -> list[RawItem]:
    """The items with these raw keys, strongly consistent, in any order; missing ones are omitted."""
    found: list[RawItem] = []
    pending = deque(keys)
    while pending:
        batch = [pending.popleft() for _ in range(min(BATCH_KEYS, len(pending)))]
        reply = requests.call("BatchGetItem", get_body(table, batch), parse_found)
        requests.tally.units += reply.units
        found += reply.items
        pending.extend(reply.unprocessed_keys)
        if reply.unprocessed_keys and not reply.items:
            requests.rest("BatchGetItem")
    return found


def put_new_item(requests: Requests, table: TableFacts, item: RawItem) -> bool:
    """Put an item unless its key exists; returns whether it was put."""
    try:
        requests.call("PutItem", put_new_body(table.name, item, table.key_names[0]), parse_nothing)
    except RequestRefusedError as error:
        if error.aws_code == "ConditionalCheckFailedException":
            return False
        raise
    return True


class _Sent(NamedTuple):
    """A sent request: its items, and its reserved units."""

    items: list[RawItem]
    units: float


def _settle(requests: Requests, queue: "_Queue", sent: _Sent) -> None:
    """Read the reply to the oldest request; unwritten items go back into the queue."""
    unwritten = requests.receive("BatchWriteItem", parse_unwritten, sent.units)
    tally = requests.tally
    if unwritten is None:
        tally.retried += len(sent.items)
        queue.again(sent.items)
        return
    refused = len(unwritten.items)
    written = len(sent.items) - refused
    # Not every emulator reports consumed units.
    consumed = unwritten.units or written * tally.units_an_item
    tally.retried += refused
    tally.throttled += refused > 0
    tally.units += consumed
    if written:
        requests.acknowledged()
        tally.units_an_item = consumed / written
    else:
        requests.failed = True
        requests.last_code = "UnprocessedItems"
    requests.pace.settle(sent.units, consumed, refused * tally.units_an_item)
    queue.again(unwritten.items)


class _Queue:
    """Items in batches within both limits of BatchWriteItem, 25 items and 16 MB."""

    def __init__(self, items: Sequence[RawItem]) -> None:
        self._items = list(items)
        self._at = 0
        largest = max(map(len, self._items), default=0)
        self._small = largest * BATCH_ITEMS <= BATCH_BYTES
        if largest > ITEM_BYTES:
            for item in self._items:
                check_size(item)

    def __len__(self) -> int:
        return len(self._items) - self._at

    def take(self) -> list[RawItem]:
        if self._at >= _COMPACT:
            del self._items[: self._at]
            self._at = 0
        batch = self._items[self._at : self._at + BATCH_ITEMS]
        while not self._small and len(batch) > 1 and sum(map(len, batch)) > BATCH_BYTES:
            batch.pop()
        self._at += len(batch)
        return batch

    def again(self, items: Sequence[RawItem]) -> None:
        self._items.extend(items)
