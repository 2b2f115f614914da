"""One thread that reads the pointer in the background, and everyone who waits for what it reads."""

import time
from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import NamedTuple

from tee_infra.client.errors import PointerUnreadableError, WritesHeldError
from tee_infra.client.lease import CALM_RENEWAL, LEASES, RENEWAL, Pointer, may_end
from tee_infra.client.pointer_item import UnreadableError, end_drain, read_pointer
from tee_infra.client.raw_calls import RawCalls

PRODUCTION = "prod"
"""The environment with slots. In every other one a missing pointer stays missing."""
_JOIN = 5.0
"""Seconds to wait for a read that does not answer; its thread is a daemon."""


class View(NamedTuple):
    """The pointer, None if it cannot be known; `read_at` is the clock's before the read was sent.

    `problem`: of the last read, empty if there was none. `final`: there is no pointer and none will come.
    """

    pointer: Pointer | None
    read_at: float
    problem: str = ""
    final: bool = False


class PointerWatch:
    """The pointer of one environment. The thread starts with the first question, and again in a forked process.

    `clock` never goes back, and runs on while the machine sleeps.
    """

    def __init__(self, calls: RawCalls, environment: str, clock: Callable[[], float]) -> None:
        self._calls = calls
        self._environment = environment
        self._clock = clock
        self._changed = Condition()
        self._closing = Event()
        self._wanted = Event()
        self._thread: Thread | None = None
        self._view: View | None = None
        self._slot: str | None = None
        self._first_seen = (0, clock())

    def slot(self, timeout: float) -> str:
        """The slot to read from, as last read, however long ago. Raises `PointerUnreadableError`."""
        if self._slot is None:
            self._start()
            with self._changed:
                self._changed.wait_for(lambda: self._view is not None, timeout)
        if self._slot is None:
            raise PointerUnreadableError(
                f"{self._environment}: the pointer to its tables cannot be read: {self._problem()}. Nothing was read"
            )
        return self._slot

    def calm_slot(self) -> str | None:
        """The open slot; None before the first read, during a switch, and while the pointer cannot be read."""
        view = self._view
        if view is None or view.pointer is None or view.problem or view.pointer.state != "ACTIVE":
            return None
        return view.pointer.slot

    def open_pointer(self, timeout: float) -> Pointer:
        """The pointer that permits a write now. Waits for it; raises `WritesHeldError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._closing.is_set() or (pointer := self.permitted()) is None:
            self._start()
            self._wanted.set()
            left = deadline - time.monotonic()
            if left <= 0 or self._closing.is_set():
                raise WritesHeldError(
                    f"{self._environment}: writes are held: {self._problem()}. The request was not sent; run it again"
                )
            seen = self._view
            with self._changed:
                self._changed.wait_for(lambda seen=seen: self._view is not seen or self._closing.is_set(), left)
        return pointer

    def permitted(self) -> Pointer | None:
        """The pointer, while its lease has not expired."""
        view = self._view
        if view is None or view.pointer is None:
            return None
        leased = view.final or LEASES.permit(view.pointer, self._clock() - view.read_at)
        return view.pointer if leased else None

    def close(self) -> None:
        """End the thread. Waiting and later writes are refused."""
        self._closing.set()
        self._wanted.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_JOIN)

    def _problem(self) -> str:
        if self._closing.is_set():
            return "this object is closed"
        view = self._view
        if view is None:
            return "the first read of the pointer has not ended"
        if view.problem or view.pointer is None:
            return view.problem
        return f"the pointer is {view.pointer.state} at epoch {view.pointer.epoch}"

    def _start(self) -> None:
        with self._changed:
            dead = self._thread is None or not self._thread.is_alive()
            if dead and not self._closing.is_set():
                self._thread = Thread(target=self._run, name=f"pointer of {self._environment}", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._look()
            view = self._view
            if view is None or view.final:
                return
            calm = view.pointer is not None and view.pointer.state == "ACTIVE" and not view.problem
            if calm:
                self._wanted.wait(CALM_RENEWAL)  # ends at once for a write without a lease, e.g. after a sleep
                self._wanted.clear()
            else:
                self._closing.wait(RENEWAL)

    def _look(self) -> None:
        """Read the pointer. A failed read leaves the lease to expire; an item of another version ends it now."""
        read_at = self._clock()
        try:
            pointer, now = read_pointer(self._calls, self._environment)
            view = self._view_of(pointer, read_at)
            self._show(view)
            if view.pointer and may_end(view.pointer, now, self._watched(view.pointer, read_at)):
                end_drain(self._calls, self._environment, view.pointer)
        except UnreadableError as error:
            self._show(View(None, read_at, f"the pointer cannot be read: {error}"))
        except Exception as error:  # the thread must live, whatever the read raised
            last = self._view or View(None, read_at)
            self._show(last._replace(problem=f"reading the pointer failed: {type(error).__name__}: {error}"))

    def _view_of(self, pointer: Pointer | None, read_at: float) -> View:
        if pointer is not None:
            return View(pointer, read_at)
        if self._first_seen[0]:
            raise UnreadableError("it was there, and is gone")
        absent = Pointer(0, "ACTIVE", self._environment)
        return View(absent, read_at, final=self._environment != PRODUCTION)

    def _watched(self, pointer: Pointer, now: float) -> float:
        if pointer.epoch != self._first_seen[0]:
            self._first_seen = (pointer.epoch, now)
        return now - self._first_seen[1]

    def _show(self, view: View) -> None:
        with self._changed:
            self._view = view
            self._slot = view.pointer.slot if view.pointer else self._slot
            self._changed.notify_all()
