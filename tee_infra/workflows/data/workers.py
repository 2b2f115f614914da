"""Threads that draw segments from one queue."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from functools import partial
from typing import Final, TypeVar

from tee_infra.aws.deadline import start
from tee_infra.workflows.data.request_loop import StoppedError

T = TypeVar("T")
R = TypeVar("R")

_TICK_SECONDS: Final = 0.5
_GRACE_SECONDS: Final = 1.5
"""The time that threads have to end between two requests after an error or Ctrl-C."""


def run_workers(
    segments: Sequence[T],
    workers: int,
    stop: threading.Event,
    work: Callable[[Iterator[T]], None],
    tick: Callable[[], None] | None = None,
) -> None:
    """Run `work` in threads that draw from the same `segments` until none is left; `tick` is called every 0.5 s.

    The first error or Ctrl-C sets `stop`, and is raised after every thread has ended. A thread that waits for a server
    longer than 1.5 s is left: it does not keep the process alive, and what it returns counts for nothing.
    """
    queue = deque(segments)
    count = max(1, min(workers, len(segments)))
    threads = [start(partial(work, _draw(queue, stop)), "segment worker") for _ in range(count)]
    try:
        while not _decided(threads):
            if tick is not None:
                tick()
    except BaseException:
        _stop(threads, stop)
        raise
    if any(thread.done() and thread.exception() for thread in threads):
        _stop(threads, stop)
    errors = [error for thread in threads if thread.done() and (error := thread.exception())]
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


def _stop(threads: Sequence[Future[None]], stop: threading.Event) -> None:
    stop.set()
    wait(threads, _GRACE_SECONDS)


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
