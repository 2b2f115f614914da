"""A few threads that perform requests; they do not keep the process alive."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class WorkerPool(Generic[T]):
    """Performs calls in the order in which they come, as many at once as it has threads."""

    def __init__(self, threads: int, name: str) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], T], Callable[[T | Exception], None]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[[], T], reply: Callable[[T | Exception], None]) -> None:
        """Call `reply` with the result of `call`, or with its error, in a thread of the pool."""
        self._calls.put((call, reply))

    def close(self) -> None:
        """End the threads after the calls that they have."""
        for _ in self._threads:
            self._calls.put(None)

    def join(self, seconds: float) -> None:
        """After `close`: wait for calls that are under way."""
        due = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, due - time.monotonic()))

    def _work(self) -> None:
        while (found := self._calls.get()) is not None:
            call, reply = found
            try:
                result = call()
            except Exception as error:  # the receiver raises it
                reply(error)
            else:
                reply(result)
