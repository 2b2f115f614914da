"""Requests with retries, back-pressure and counters on top of a plain lane."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from tee_infra.aws.credentials import LOG_IN
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.digest import NotAnItemError
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.codec.raw_items import UnexpectedReplyError
from tee_infra.core.codec.responses import SAME_BYTES, Repeats, Response, ResponseClass, unexpected
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RemoteError
from tee_infra.workflows.data.transport import Lane

T = TypeVar("T")

_NOTHING: Final = Response(ResponseClass.TRANSIENT)


class RequestRefusedError(RemoteError):
    """A retry cannot help: DynamoDB refused a request, or sent the same wrong bytes several times.

    `what` is the operation with its table and segment; `aws_code` is DynamoDB's error code, or ours for such bytes.
    """

    def __init__(self, what: str, failure: Response) -> None:
        self.what = what
        self.aws_code = failure.code
        self.reason = failure.message
        again = f", {SAME_BYTES} times the same bytes" if failure.verdict is ResponseClass.SUSPECT else ""
        unauthenticated = failure.verdict is ResponseClass.UNAUTHENTICATED
        super().__init__(f"{what}: {failure.code}: {failure.message}{again}", next=LOG_IN if unauthenticated else None)


class NoProgressError(RemoteError):
    """No request was acknowledged for `seconds`; `aws_code` is the error of the last attempt."""

    def __init__(self, what: str, seconds: float, failure: Response) -> None:
        self.what = what
        self.aws_code = failure.code
        reason = f"{failure.code}: {failure.message}" if failure.message else failure.code
        super().__init__(f"{what}: no request was acknowledged for {seconds:.0f} s; the last error was {reason}")


class StoppedError(RemoteError):
    """Another worker failed, or Ctrl-C was pressed."""

    def __init__(self) -> None:
        super().__init__("stopped before the end")


@dataclass(slots=True)
class Tally:
    """Counters of one worker: requests, retried items and requests, throttled replies, consumed units."""

    requests: int = 0
    retried: int = 0
    throttled: int = 0
    units: float = 0.0
    units_an_item: float = 1.0
    """Consumed units per item of the last write."""


@dataclass(slots=True)
class SharedRateLimiter:
    """One table's pace, shared by the threads that use it."""

    pace: RateLimiter = field(default_factory=RateLimiter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, units: float) -> float:
        """Reserve units; the seconds to wait before using them."""
        with self._lock:
            return self.pace.take(units, time.monotonic())

    def settle(self, reserved: float, consumed: float, refused: float) -> None:
        """Report the outcome of a reservation."""
        with self._lock:
            self.pace.settle(reserved, consumed, refused, time.monotonic())


@dataclass(slots=True)
class Requests:
    """One worker's requests to one table: a lane with a pace, patience and a tally. For one thread.

    `stop` ends it between two requests. `call` and `put_items` raise `RequestRefusedError`, `NoProgressError` and
    `StoppedError`; earlier acknowledged requests stay acknowledged. `table` is what its replies are checked against,
    `place` and `part` are for messages: the endpoint, and the segment that the worker is at.
    """

    lane: Lane
    table: TableFacts
    place: str = ""
    part: str = ""
    pace: SharedRateLimiter = field(default_factory=SharedRateLimiter)
    backoff: Backoff = field(default_factory=Backoff)
    stop: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
    chance: Callable[[], float] = random.random
    failed: bool = False
    """Whether the last reply acknowledged nothing, so that `rest` is due."""
    last: Response = _NOTHING
    """The failure of the last such reply."""
    _repeats: Repeats = field(default_factory=Repeats)
    _rests: int = 0
    _acknowledged_at: float = field(default_factory=time.monotonic)

    def call(self, operation: str, body: bytes, parse: Callable[[bytes], T], units: float = 0.0) -> T:
        """Retry one request until `parse` accepts its reply; `units` estimates its consumption."""
        self.acknowledged()
        while True:
            self.wait(self.pace.take(units))
            self.send(operation, body)
            if (parsed := self.receive(operation, parse, units)) is not None:
                self.acknowledged()
                return parsed
            self.tally.retried += 1
            self.rest(operation)

    def send(self, operation: str, body: bytes) -> None:
        """Start a request after its units were reserved."""
        self.tally.requests += 1
        self.lane.send(operation, body)

    def receive(self, operation: str, parse: Callable[[bytes], T], units: float) -> T | None:
        """The oldest reply, parsed; None when the request must be sent again. Settles the pace only in that case.

        `parse` raises `UnexpectedReplyError` for a reply that does not fit the request.
        """
        reply = self.lane.receive()
        if reply.verdict is ResponseClass.DONE:
            try:
                return parse(reply.body)
            except (UnexpectedReplyError, NotAnItemError) as error:
                reply = unexpected(reply.body, str(error))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                reply = unexpected(reply.body, f"{type(error).__name__}: {error}")
        throttled = reply.verdict is ResponseClass.THROTTLED
        self.pace.settle(units, 0.0, units if throttled else 0.0)
        if self._repeats.is_final(reply):
            raise RequestRefusedError(self.what(operation), reply)
        self.tally.throttled += throttled
        self.fail(reply)
        return None

    def what(self, operation: str) -> str:
        """The operation with its table, segment and endpoint, for messages."""
        part = f" ({self.part})" if self.part else ""
        return f"{operation} on {self.table.name}{part}{f' at {self.place}' if self.place else ''}"

    def fail(self, failure: Response) -> None:
        """A reply acknowledged nothing: `rest` before the next request."""
        self.failed, self.last = True, failure

    def acknowledged(self) -> None:
        """A request was acknowledged: reset the patience."""
        self.failed, self._rests = False, 0
        self._repeats.forget()
        self._acknowledged_at = time.monotonic()

    def rest(self, operation: str) -> None:
        """Back off after failures. Raises `NoProgressError` after the patience."""
        silent = time.monotonic() - self._acknowledged_at
        backoff, throttled = self.backoff, self.last.verdict is ResponseClass.THROTTLED
        if silent > (backoff.patience if throttled else min(backoff.outage, backoff.patience)):
            raise NoProgressError(self.what(operation), silent, self.last)
        delay = self.backoff.delay(self._rests, self.chance())
        self.failed, self._rests = False, self._rests + 1
        self.wait(delay)

    def wait(self, seconds: float) -> None:
        """Sleep, unless told to stop."""
        if self.stop.is_set() or (seconds > 0 and self.stop.wait(seconds)):
            raise StoppedError
