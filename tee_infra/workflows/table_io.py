"""Reading and writing a table in bulk: pages of a segment, and items until each is acknowledged."""

import threading
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tee_infra.core.backoff import Backoff
from tee_infra.core.items import (
    BATCH_BYTES,
    BATCH_ITEMS,
    BATCH_KEYS,
    Page,
    RawItem,
    Unwritten,
    get_body,
    parse_found,
    parse_nothing,
    parse_page,
    parse_unwritten,
    put_body,
    put_new_body,
    scan_body,
)
from tee_infra.core.tables import TableFacts
from tee_infra.workflows.requests import RequestRefusedError, Requests, SharedPace
from tee_infra.workflows.transport import Transport

_COMPACT: Final = 4096


@dataclass(frozen=True)
class Side:
    """One table, the way to it, and the pace that everybody keeps who uses it for this purpose."""

    transport: Transport
    table: TableFacts
    pace: SharedPace = field(default_factory=SharedPace)

    @contextmanager
    def requests(self, stop: threading.Event, backoff: Backoff, width: int = 1) -> Generator[Requests]:
        """A worker's requests to the table, with up to `width` under way at once."""
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
    """The pages of a segment after the raw key `start`; `extra` are members of the request such as a filter."""
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
    """Write items, several requests at once; returns when every one of them is acknowledged.

    What comes back unprocessed joins the items not yet sent, so that requests stay full. No two of the items may have
    the same key.
    """
    requests.acknowledged()
    queue = _Queue(items)
    waiting: deque[tuple[list[RawItem], float]] = deque()
    while queue or waiting:
        if requests.failures and not waiting:
            requests.rest("BatchWriteItem")
        while queue and len(waiting) < requests.lane.width and not (requests.failures and waiting):
            batch = queue.take()
            units = requests.tally.units_an_item * len(batch)
            requests.send("BatchWriteItem", put_body(table, batch), units)
            waiting.append((batch, units))
        batch, units = waiting.popleft()
        unwritten = requests.receive("BatchWriteItem", parse_unwritten, units)
        if unwritten is None:
            requests.tally.retried += len(batch)
            queue.again(batch)
        else:
            _acknowledge(requests, len(batch), units, unwritten)
            queue.again(unwritten.items)


def get_items(requests: Requests, table: str, keys: Sequence[RawItem]) -> list[RawItem]:
    """The items with these raw keys, strongly consistent, in any order; absent ones are left out."""
    found: list[RawItem] = []
    pending = deque(keys)
    while pending:
        batch = [pending.popleft() for _ in range(min(BATCH_KEYS, len(pending)))]
        reply = requests.call("BatchGetItem", get_body(table, batch), parse_found)
        requests.tally.units += reply.units
        found += reply.items
        pending.extend(reply.unprocessed_keys)
        if reply.unprocessed_keys and not reply.items:
            requests.failures += 1
            requests.rest("BatchGetItem")
    return found


def put_new_item(requests: Requests, table: TableFacts, item: RawItem) -> bool:
    """Put an item unless its key is taken by now; whether it was put."""
    try:
        requests.call("PutItem", put_new_body(table.name, item, table.key_names[0]), parse_nothing)
    except RequestRefusedError as error:
        if error.code == "ConditionalCheckFailedException":
            return False
        raise
    return True


def _acknowledge(requests: Requests, sent: int, units: float, unwritten: Unwritten) -> None:
    refused = len(unwritten.items)
    tally = requests.tally
    tally.retried += refused
    tally.throttled += refused > 0
    tally.units += unwritten.units
    if refused < sent:
        requests.acknowledged()
        tally.units_an_item = unwritten.units / (sent - refused) or tally.units_an_item
    else:
        requests.failures += 1
        requests.last_code = "UnprocessedItems"
    requests.pace.settle(units, unwritten.units, refused * tally.units_an_item)


class _Queue:
    """Items in batches that keep both limits of BatchWriteItem, 25 items and 16 MB."""

    def __init__(self, items: Sequence[RawItem]) -> None:
        self._items = list(items)
        self._at = 0
        self._small = max(map(len, self._items), default=0) * BATCH_ITEMS <= BATCH_BYTES

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
