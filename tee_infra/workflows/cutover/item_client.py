"""Single requests to one table, each with one answer: nothing here retries, the tasks of a replication do."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.raw_items import (
    Page,
    RawItem,
    UnexpectedReplyError,
    Unwritten,
    get_body,
    parse_found,
    parse_page,
    parse_unprocessed,
    scan_body,
    write_body,
)
from tee_infra.core.codec.reply_checks import ScanCheck, check_found, check_unwritten
from tee_infra.core.codec.responses import ITEM_REFUSALS, ResponseClass
from tee_infra.core.cutover.requests import Items, Key, Throttled, TimedOut, Written
from tee_infra.core.cutover.run import canonical_key
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.request_loop import RequestRefusedError, Requests
from tee_infra.workflows.data.transport import Transport

T = TypeVar("T")
_MOST_ROUNDS = 3


class ItemClient:
    """Requests to `table`. For any number of threads: each has a connection of its own.

    Raises `RequestRefusedError` where a repetition cannot help.
    """

    def __init__(self, transport: Transport, table: TableFacts) -> None:
        self.table = table
        self._transport = transport
        self._own = threading.local()

    def scan(self, segment: int, segments: int, after: bytes) -> Page | Throttled | TimedOut:
        """A page of a segment, strongly consistent."""
        consistent = {"ConsistentRead": True}
        body = scan_body(self.table.name, segment=segment, segments=segments, start=after, extra=consistent)
        check = ScanCheck(self.table.key_types_by_name)
        return self._ask("Scan", body, lambda reply: check.check(parse_page(reply), after))

    def get(self, keys: tuple[Key, ...]) -> Items | Throttled | TimedOut:
        """The items that exist, strongly consistent."""
        found: dict[Key, RawItem] = {}
        pending: list[RawItem] = list(keys)
        for _ in range(_MOST_ROUNDS):
            body = get_body(self.table.name, pending)
            answer = self._ask("BatchGetItem", body, partial(self._found, pending))
            if not isinstance(answer, tuple):
                return answer
            items, pending = answer
            found |= {canonical_key(item, self.table.key_names): item for item in items}
            if not pending:
                return Items(found)
        return Throttled("UnprocessedKeys")

    def write(self, puts: tuple[RawItem, ...], deletes: tuple[Key, ...]) -> Written | Throttled | TimedOut:
        """Put items and delete keys, all of different keys. A refused request is halved until each refused item is
        alone."""
        try:
            body = write_body(self.table.name, puts, deletes)
            return self._ask("BatchWriteItem", body, lambda reply: self._written(puts, deletes, reply))
        except RequestRefusedError as error:
            if error.aws_code not in ITEM_REFUSALS or not puts:
                raise
            if len(puts) == 1 and not deletes:
                key = canonical_key(puts[0], self.table.key_names)
                return Written(frozenset(), {key: f"{error.aws_code}: {error.reason}"})
        half = len(puts) // 2
        parts = (puts[:half], ()), (puts[half:], ()), ((), deletes)
        return self._write_parts([part for part in parts if part[0] or part[1]])

    def _write_parts(self, parts: list[tuple[tuple[RawItem, ...], tuple[Key, ...]]]) -> Written | TimedOut:
        unprocessed: set[Key] = set()
        refused: dict[Key, str] = {}
        for puts, deletes in parts:
            match self.write(puts, deletes):
                case Written(keys, reasons):
                    unprocessed |= keys
                    refused |= reasons
                case Throttled():
                    unprocessed |= {canonical_key(item, self.table.key_names) for item in puts} | set(deletes)
                case TimedOut():
                    return TimedOut()
        return Written(frozenset(unprocessed), refused)

    def _found(self, asked: list[RawItem], reply: bytes) -> tuple[list[RawItem], list[RawItem]]:
        found = parse_found(reply, self.table.name)
        return list(found.items), check_found(asked, found, self.table.key_types_by_name)

    def _written(self, puts: tuple[RawItem, ...], deletes: tuple[Key, ...], reply: bytes) -> Written:
        items, keys, units = parse_unprocessed(reply, self.table.name)
        left = {canonical_key(item, self.table.key_names) for item in check_unwritten(puts, Unwritten(items, units))}
        kept = {canonical_key(key, self.table.key_names) for key in keys}
        if not kept <= set(deletes):
            raise UnexpectedReplyError("one of its unprocessed keys was not sent")
        return Written(frozenset(left | kept))

    def _ask(self, operation: str, body: bytes, parse: Callable[[bytes], T]) -> T | Throttled | TimedOut:
        requests = self._requests()
        requests.send(operation, body)
        result = requests.receive(operation, parse, 0.0)
        if result is not None:
            requests.acknowledged()
            return result
        last = requests.last
        return Throttled(last.code) if last.verdict is ResponseClass.THROTTLED else TimedOut()

    def _requests(self) -> Requests:
        if not hasattr(self._own, "requests"):
            lane = self._transport.lane(1)
            self._own.requests = Requests(lane, self.table, self._transport.endpoint, backoff=Backoff())
        return self._own.requests
