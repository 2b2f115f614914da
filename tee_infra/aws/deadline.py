"""A time limit for calls that have none: botocore's timeouts start again with every byte."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def start(call: Callable[[], T], name: str) -> "Future[T]":
    """Run `call` in a thread of its own, which does not keep the process alive."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def within(seconds: float, call: Callable[[], T], name: str = "request") -> T:
    """The result of `call`. Raises its error, and `TimeoutError` after `seconds`; the call is then abandoned.

    Ctrl-C interrupts it at once, also in a name lookup.
    """
    try:
        return start(call, name).result(seconds)
    except TimeoutError:
        raise TimeoutError(f"no complete reply within {seconds:.0f} s") from None
