"""Lanes: each key has one, and a lane copies one batch at a time, so the writes of a key never overlap."""

import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from tee_infra.core.cutover.requests import Key


@dataclass(slots=True)
class Ticket:
    """How many keys are still to be copied of those that came together."""

    open: int = 0

    @property
    def done(self) -> bool:
        """Whether the copy of every key began after it came, and was acknowledged."""
        return self.open == 0


@dataclass(eq=False, slots=True)
class Watch:
    """How many copies of a key have ended."""

    copies: int = 0


class Lanes:
    """Keys to copy. A key that comes while it is being copied is copied once more."""

    def __init__(self, count: int) -> None:
        self._waiting: list[dict[Key, list[Ticket]]] = [{} for _ in range(count)]
        self._working: list[dict[Key, list[Ticket]]] = [{} for _ in range(count)]
        self._watches: dict[Key, list[Watch]] = {}

    def add(self, keys: Iterable[Key]) -> Ticket:
        """Enqueue keys."""
        ticket = Ticket()
        for key in dict.fromkeys(keys):
            ticket.open += 1
            self._waiting[lane_of(key, len(self._waiting))].setdefault(key, []).append(ticket)
        return ticket

    def waits(self, lane: int) -> bool:
        """Whether the lane has keys to copy."""
        return bool(self._waiting[lane])

    def take(self, lane: int, most: int) -> tuple[Key, ...]:
        """The next keys of a lane, oldest first; `settle` ends their copy."""
        keys = tuple(self._waiting[lane])[:most]
        self._working[lane] = {key: self._waiting[lane].pop(key) for key in keys}
        return keys

    def settle(self, lane: int, again: frozenset[Key]) -> None:
        """End the copy of the keys taken; those of `again` are copied once more."""
        for key, tickets in self._working[lane].items():
            if key in again:
                self._waiting[lane].setdefault(key, []).extend(tickets)
                continue
            for ticket in tickets:
                ticket.open -= 1
            for watch in self._watches.get(key, ()):
                watch.copies += 1
        self._working[lane] = {}

    def holds(self, key: Key) -> bool:
        """Whether the key is enqueued or being copied."""
        lane = lane_of(key, len(self._waiting))
        return key in self._waiting[lane] or key in self._working[lane]

    @contextmanager
    def watch(self, key: Key) -> Generator[Watch, None, None]:
        """Count the copies of a key."""
        watch = Watch()
        watches = self._watches.setdefault(key, [])
        watches.append(watch)
        try:
            yield watch
        finally:
            watches.remove(watch)
            if not watches:
                del self._watches[key]


def lane_of(key: Key, count: int) -> int:
    """The lane of a key."""
    return zlib.crc32(key) % count
