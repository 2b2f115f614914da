"""Progress of long work as counts of items: one line that is rewritten on a terminal, plain lines elsewhere."""

import sys
import time
from threading import Lock
from typing import Final

from tee_infra.cli.printing import end_progress, show_progress

_TERMINAL_SECONDS: Final = 0.2
_PLAIN_SECONDS: Final = 5.0


class Counting:
    """Counts items per task and prints them on standard error. Thread-safe; use it with `with`."""

    def __init__(self, expected: int | None = None) -> None:
        self._expected = expected
        self._terminal = sys.stderr.isatty()
        self._interval = _TERMINAL_SECONDS if self._terminal else _PLAIN_SECONDS
        self._lock = Lock()
        self._what = ""
        self._items = 0
        self._began = self._said = time.monotonic()

    def __enter__(self) -> "Counting":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._terminal and self._what:
            end_progress()

    def __call__(self, what: str, items: int) -> None:
        """`items` more of the task `what` are done."""
        with self._lock:
            now = time.monotonic()
            if what != self._what:
                self._what, self._items, self._began = what, 0, now
            self._items += items
            if now - self._said >= self._interval:
                self._said = now
                self._say(now - self._began)

    def _say(self, seconds: float) -> None:
        rate = self._items / seconds if seconds > 0 else 0.0
        text = f"{self._what}: {self._items:,} items, {rate:,.0f}/s"
        if self._expected and rate:
            text += f", {max(0.0, self._expected - self._items) / rate:,.0f} s left"
        show_progress(text, rewrite=self._terminal)
