"""Threads that draw segments from one queue."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from tee_infra.workflows.data.request_loop import StoppedError

T = TypeVar("T")
R = TypeVar("R")

_TICK_SECONDS: Final = 0.5


def run_workers(
    segments: Sequence[T],
    workers: int,
    stop: threading.Event,
    work: Callable[[Iterator[T]], None],
    tick: Callable[[], None] | None = None,
) -> None:
    """Run `work` in threads that draw from the same `segments` until none is left; `tick` is called every 0.5 s.

    The first error or Ctrl-C sets `stop`, and is raised after every thread has ended.
    """
    queue = deque(segments)
    count = max(1, min(workers, len(segments)))
    with ThreadPoolExecutor(count) as pool:
        threads = [pool.submit(work, _draw(queue, stop)) for _ in range(count)]
        try:
            while not _decided(threads):
                if tick is not None:
                    tick()
        except KeyboardInterrupt:
            stop.set()
            raise
        if any(thread.done() and thread.exception() for thread in threads):
            stop.set()
    errors = [error for thread in threads if (error := thread.exception())]
    # The other workers' StoppedError is a consequence of the first error.
    for error in sorted(errors, key=lambda error: isinstance(error, StoppedError)):
        raise error


def run_all(pieces: Sequence[T], work: Callable[[T, threading.Event], R], threads: int) -> list[R]:
    """`work(piece, stop)` for each piece; the results in order of the pieces. Errors as in `run_workers`."""
    stop = threading.Event()
    results: dict[int, R] = {}

    def draw(indexes: Iterator[int]) -> None:
        for index in indexes:
            results[index] = work(pieces[index], stop)

    run_workers(range(len(pieces)), threads, stop, draw)
    return [results[index] for index in range(len(pieces))]


def _decided(threads: Sequence[Future[None]]) -> bool:
    """Whether every thread has ended, or one has failed; waits for a tick."""
    done, not_done = wait(threads, _TICK_SECONDS, FIRST_EXCEPTION)
    return not not_done or any(thread.exception() for thread in done)


def _draw(queue: deque[T], stop: threading.Event) -> Iterator[T]:
    while not stop.is_set():
        try:
            yield queue.popleft()
        except IndexError:
            return
