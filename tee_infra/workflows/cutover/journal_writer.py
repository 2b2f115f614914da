"""Writes the journals of a replication into the control table, on the condition that its lock is still held.

One thread writes, everything that waits at once: transactions beside each other would conflict over the lock's item.
"""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, TypeAlias

from tee_infra.aws.control_store import ControlItems, NotNowError, UnansweredError
from tee_infra.core.cutover.requests import Answer, Done, Throttled, TimedOut
from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.workflows.control.environment_lock import LockHandle

Item: TypeAlias = dict[str, Any]
_AT_ONCE: Final = 99
"""Items of a transaction, beside the check of the lock. Source: the reference of `TransactWriteItems`."""


class _Write(NamedTuple):
    items: Sequence[Item]
    reply: Callable[[Answer | Exception], None]

    @property
    def keys(self) -> set[tuple[str, str]]:
        return {(item["pk"], item["sk"]) for item in self.items}


class JournalWriter:
    """Writes items while `lock` is held. After a lost answer a write may land late, but never after another holder
    has the lock."""

    def __init__(self, control: ControlItems, lock: LockHandle) -> None:
        self._control = control
        self._lock = lock
        self._waiting: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, items: Sequence[Item], reply: Callable[[Answer | Exception], None]) -> None:
        """Write at most 99 items of different keys, and call `reply`: `Done`, `Throttled`, `TimedOut`, or the error."""
        self._waiting.put(_Write(items, reply))

    def write_now(self, items: Sequence[Item]) -> Answer:
        """The same, and wait for it. Raises `LockLostError` and as `ControlItems` does."""
        answered: SimpleQueue[Answer | Exception] = SimpleQueue()
        self.write(items, answered.put)
        answer = answered.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End after everything that waits: the lock must be held until then."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        kept: _Write | None = None
        while True:
            first = kept or self._waiting.get()
            if first is None:
                return
            batch, kept, ended = self._batch(first)
            self._write(batch)
            if ended:
                return

    def _batch(self, first: _Write) -> tuple[list[_Write], _Write | None, bool]:
        """What waits and fits into one transaction, what does not, and whether the end came."""
        batch, keys = [first], first.keys
        while not self._waiting.empty():
            write = self._waiting.get()
            if write is None:
                return batch, None, True
            if keys & write.keys or len(keys) + len(write.items) > _AT_ONCE:
                return batch, write, False
            batch.append(write)
            keys |= write.keys
        return batch, None, False

    def _write(self, batch: Sequence[_Write]) -> None:
        answer: Answer | Exception = Done()
        try:
            held = self._control.put_together([item for write in batch for item in write.items], self._lock.guard)
            if not held:
                answer = LockLostError(self._lock.lock)
        except NotNowError:
            answer = Throttled()
        except UnansweredError:
            answer = TimedOut()
        except Exception as error:  # the receiver raises it
            answer = error
        for write in batch:
            write.reply(answer)
