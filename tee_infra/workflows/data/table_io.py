"""Reading and writing a table in bulk: pages of a segment, and items until each is acknowledged."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.raw_items import (
    BATCH_KEYS,
    FoundItems,
    Page,
    RawItem,
    get_body,
    parse_found,
    parse_page,
    parse_put,
    parse_unwritten,
    put_body,
    put_new_body,
    scan_body,
)
from tee_infra.core.codec.reply_checks import KeyTypes, ScanCheck, check_found, check_unwritten
from tee_infra.core.codec.responses import ITEM_REFUSALS, Response, ResponseClass
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.request_loop import RequestRefusedError, Requests, SharedRateLimiter
from tee_infra.workflows.data.transport import Transport
from tee_infra.workflows.data.write_queue import Refused, WriteQueue

_UNPROCESSED: Final = Response(ResponseClass.THROTTLED, code="UnprocessedItems")


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
            yield Requests(lane, self.table, self.transport.endpoint, pace=self.pace, backoff=backoff, stop=stop)
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
    """The pages of a segment after the raw key `start`; `extra` are fields of the request such as a filter.

    Each is checked against its request; a reply without items that is not DynamoDB's is never an empty page.
    """
    extra = extra or {}
    check = ScanCheck(
        requests.table.key_types_by_name,
        filtered="FilterExpression" in extra,
        projected="ProjectionExpression" in extra,
    )
    requests.part = f"segment {segment} of {segments}"
    body = partial(scan_body, table, segment=segment, segments=segments, extra=extra)
    yield from _pages(requests, "Scan", body, check, start)


def query_pages(requests: Requests, table: str, condition: Mapping[str, Any], keys: KeyTypes) -> Generator[Page]:
    """The pages of one partition; `condition` are the request's fields, `keys` every key that its items have.

    Those are the table's, and an index's beside them. Each page is checked as those of a scan are.
    """
    yield from _pages(requests, "Query", partial(scan_body, table, extra=condition), ScanCheck(keys), b"")


def _pages(
    requests: Requests, operation: str, body: Callable[..., bytes], check: ScanCheck, start: bytes
) -> Generator[Page]:
    units = 0.0
    while True:
        page = requests.call(operation, body(start=start), partial(_checked, check, start), units)
        requests.pace.settle(units, page.units, 0.0)
        requests.tally.units += page.units
        units, start = page.units, page.last_key
        yield page
        if not start:
            return


def _checked(check: ScanCheck, start: bytes, body: bytes) -> Page:
    return check.check(parse_page(body), start)


def put_items(requests: Requests, table: str, items: Sequence[RawItem]) -> list[Refused]:
    """Write items with several requests at once; returns when every item is acknowledged or refused: the refused ones.

    Unprocessed items are sent again with the unsent ones, so that requests stay full. A refused request is halved
    until the refused items are alone. No two items may have the same key.
    """
    requests.acknowledged()
    queue, sent = WriteQueue(items), deque[_Sent]()
    while queue or sent:
        if queue and len(sent) < requests.lane.width and not requests.failed:
            batch = queue.take()
            units = requests.tally.units_an_item * len(batch)
            due = time.monotonic() + requests.pace.take(units)
            # Replies are read while waiting, since they adjust the pace.
            while sent and (left := due - time.monotonic()) > 0 and requests.lane.ready(left):
                _settle(requests, table, queue, sent.popleft())
            requests.wait(due - time.monotonic())
            requests.send("BatchWriteItem", put_body(table, batch))
            sent.append(_Sent(batch, units))
        elif sent:
            _settle(requests, table, queue, sent.popleft())
        else:
            requests.rest("BatchWriteItem")
    return queue.refused


def get_items(requests: Requests, table: str, keys: Sequence[RawItem]) -> list[RawItem]:
    """The items with these raw keys, strongly consistent, in any order; missing ones are omitted."""
    found: list[RawItem] = []
    pending = deque(keys)
    while pending:
        batch = [pending.popleft() for _ in range(min(BATCH_KEYS, len(pending)))]
        asked = partial(_found, table, batch, requests.table.key_types_by_name)
        reply, unprocessed = requests.call("BatchGetItem", get_body(table, batch), asked)
        requests.tally.units += reply.units
        found += reply.items
        pending.extend(unprocessed)
        if unprocessed and not reply.items:
            requests.rest("BatchGetItem")
    return found


def _found(table: str, asked: Sequence[RawItem], keys: KeyTypes, body: bytes) -> tuple[FoundItems, list[RawItem]]:
    reply = parse_found(body, table)
    return reply, check_found(asked, reply, keys)


def put_new_item(requests: Requests, table: TableFacts, item: RawItem) -> bool | Refused:
    """Put an item unless its key exists: whether it was put, or why DynamoDB refuses it."""
    try:
        requests.call("PutItem", put_new_body(table.name, item, table.key_names[0]), parse_put)
    except RequestRefusedError as error:
        if error.aws_code == "ConditionalCheckFailedException":
            return False
        if error.aws_code in ITEM_REFUSALS:
            return Refused(item, error.aws_code, error.reason)
        raise
    return True


class _Sent(NamedTuple):
    """A sent request: its items, and its reserved units."""

    items: list[RawItem]
    units: float


def _settle(requests: Requests, table: str, queue: WriteQueue, sent: _Sent) -> None:
    """Read the reply to the oldest request; unwritten items go back into the queue."""
    tally = requests.tally
    try:
        reply = requests.receive("BatchWriteItem", partial(_unwritten, table, sent.items), sent.units)
    except RequestRefusedError as error:
        if error.aws_code not in ITEM_REFUSALS:
            raise
        queue.refuse(sent.items, error.aws_code, error.reason)
        requests.acknowledged()  # it is an answer about the items, not an outage
        if queue.only_refuses:
            raise
        return
    if reply is None:
        tally.retried += len(sent.items)
        queue.again(sent.items)
        return
    units, unwritten = reply
    refused = len(unwritten)
    written = len(sent.items) - refused
    # Not every emulator reports consumed units.
    consumed = units or written * tally.units_an_item
    tally.retried += refused
    tally.throttled += refused > 0
    tally.units += consumed
    if written:
        requests.acknowledged()
        queue.accepted = True
        tally.units_an_item = consumed / written
    else:
        requests.fail(_UNPROCESSED)
    requests.pace.settle(sent.units, consumed, refused * tally.units_an_item)
    queue.again(unwritten)


def _unwritten(table: str, sent: Sequence[RawItem], body: bytes) -> tuple[float, list[RawItem]]:
    reply = parse_unwritten(body, table)
    return reply.units, check_unwritten(sent, reply)
