"""Writes the sentinels of heartbeats into the source, and deletes each of them again, also those of earlier runs."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tee_infra.core.cutover.requests import Answer, Done, Key, Throttled, TimedOut, Written
from tee_infra.core.cutover.sentinels import leftover_tokens, sentinel_item, sentinel_key
from tee_infra.workflows.cutover.item_client import ItemClient

_RESERVED_AT_ONCE: Final = 100
_BATCH: Final = 25
_TIP: Final = "tip"


class SentinelWriter:
    """`name` is unique to the run. `reserve` writes into the journal which numbers of which names are used, before
    they are: after a crash `leftover` names them. `earlier` is what the journal has of earlier runs.

    Thread-safe.
    """

    def __init__(
        self, client: ItemClient, name: str, earlier: Mapping[str, int], reserve: Callable[[Mapping[str, int]], Answer]
    ) -> None:
        self._client = client
        self._name = name
        self._earlier = dict(earlier)
        self._reserve = reserve
        self._reserved: dict[str, int] = {}
        self._written: set[str] = set()
        self._tips = 0
        self._lock = threading.Lock()

    def write(self, token: str) -> Answer:
        """Write the sentinel of a token: `NAME/NUMBER`."""
        name, _, number = token.rpartition("/")
        if not isinstance(answer := self._make_sure(name, int(number)), Done):
            return answer
        table = self._client.table
        item = sentinel_item(token, table.key_types_by_name, table.ttl_attribute, time.time())
        try:
            answer = self._client.write((item,), ())
        finally:
            with self._lock:
                self._written.add(token)  # not before: it would be deleted first, and written afterwards
        match answer:
            case Written(unprocessed, refused):
                return Throttled() if unprocessed or refused else Done()
            case other:
                return other

    def touch(self, items: int) -> None:
        """Write some sentinels of no heartbeat, so that shards have a record."""
        for _ in range(items):
            with self._lock:
                self._tips += 1
                number = self._tips
            self.write(f"{self._name}.{_TIP}/{number}")

    def tidy(self) -> None:
        """Delete the sentinels written so far: their records stay in the stream."""
        with self._lock:
            tokens, self._written = self._written, set()
        left = self._delete(sorted(tokens))
        with self._lock:
            self._written |= left

    def sweep(self) -> None:
        """Delete what earlier runs left behind, once none of their writes can land any more."""
        if self._earlier and not self._delete(leftover_tokens(self._earlier)):
            with self._lock:
                self._earlier = {}
                self._reserve(self._reserved)

    def _make_sure(self, name: str, number: int) -> Answer:
        with self._lock:
            if number <= self._reserved.get(name, 0):
                return Done()
            wanted = self._reserved | {name: number + _RESERVED_AT_ONCE - 1}
            answer = self._reserve(self._earlier | wanted)
            if isinstance(answer, Done):
                self._reserved = wanted
            return answer

    def _delete(self, tokens: Sequence[str]) -> set[str]:
        """The tokens whose sentinels may still be there."""
        left: set[str] = set()
        for start in range(0, len(tokens), _BATCH):
            batch = tokens[start : start + _BATCH]
            keys: dict[Key, str] = {sentinel_key(token, self._client.table.key_types_by_name): token for token in batch}
            answer = self._client.write((), tuple(keys))
            if isinstance(answer, (Throttled, TimedOut)):
                left |= set(batch)
            else:
                left |= {keys[key] for key in answer.unprocessed}
        return left
