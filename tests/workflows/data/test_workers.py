import threading
from collections.abc import Iterator

import pytest

from tee_infra.core.codec.responses import Response, ResponseClass
from tee_infra.workflows.data.request_loop import RequestRefusedError, StoppedError
from tee_infra.workflows.data.workers import run_workers


def test_every_segment_is_drawn_once() -> None:
    drawn: list[int] = []
    ticks: list[int] = []

    def work(segments: Iterator[int]) -> None:
        drawn.extend(segments)

    run_workers(range(100), 3, threading.Event(), work, lambda: ticks.append(1))
    assert sorted(drawn) == list(range(100))
    run_workers([], 3, threading.Event(), work)


def test_the_first_error_stops_the_others_and_is_the_one_that_is_raised() -> None:
    stop = threading.Event()

    def work(segments: Iterator[int]) -> None:
        for segment in segments:
            if segment == 1:
                raise RequestRefusedError("Scan", Response(ResponseClass.FATAL, code="ValidationException"))
            if stop.wait(5):
                raise StoppedError

    with pytest.raises(RequestRefusedError):
        run_workers(range(10), 3, stop, work)
    assert stop.is_set()
