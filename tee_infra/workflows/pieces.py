"""Independent pieces of work on several threads, with their results."""

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import TypeVar

from tee_infra.workflows.data.workers import run_workers

T = TypeVar("T")
R = TypeVar("R")


def run_all(pieces: Sequence[T], work: Callable[[T, Event], R], threads: int) -> list[R]:
    """`work(piece, stop)` for each piece; the results in order of the pieces. Errors as in `run_workers`."""
    stop = Event()
    results: dict[int, R] = {}

    def draw(indexes: Iterator[int]) -> None:
        for index in indexes:
            results[index] = work(pieces[index], stop)

    run_workers(range(len(pieces)), threads, stop, draw)
    return [results[index] for index in range(len(pieces))]
