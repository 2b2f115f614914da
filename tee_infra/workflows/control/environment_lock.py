"""Hold the lock on an environment while it is changed, renewed in the background."""

import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Thread
from threading import Lock as Mutex
from typing import Final

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_locks import LOCKS, Locks
from tee_infra.core.lifecycle.actor import Actor, process_on
from tee_infra.core.lifecycle.lock import DURATION, HEARTBEAT, Lock, LockedError, LockLostError
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.control.processes import runs

_LAST_BEAT_SECONDS: Final = 10.0


class LockHandle:
    """An acquired lock. Call `check` before every step that must not run twice at once."""

    def __init__(self, locks: Locks, lock: Lock, *, heartbeat: timedelta = HEARTBEAT) -> None:
        self._heartbeat = heartbeat.total_seconds()
        self._locks = locks
        self._lock = lock
        self._lost = False
        self._done = Event()
        self._renewing = Mutex()
        self._renewed = _clocks()
        self._keeper = Thread(target=self._keep, daemon=True, name=f"lock {lock.name}")
        self._keeper.start()

    @property
    def guard(self) -> tuple[str, str, str]:
        """Where the lock's item is and what it has while it is held: for `ControlItems.put_together`."""
        return LOCKS, self._lock.name, self._lock.token

    @property
    def lock(self) -> Lock:
        """The lock as it was last renewed."""
        return self._lock

    def check(self) -> None:
        """Raises `LockLostError` after the lock was lost, also if it has expired and AWS cannot be asked.

        Renews the lock if the last renewal is older than two heartbeats: this machine may have slept.
        """
        if self._lost:
            raise LockLostError(self._lock)
        if self._silence() <= 2 * self._heartbeat:
            return
        try:
            self._renew()
        except AwsError:
            if self._silence() > DURATION.total_seconds():
                raise LockLostError(self._lock) from None
            raise

    def release(self) -> None:
        """Release the lock. If the release fails, the lock expires."""
        self._done.set()
        self._keeper.join(_LAST_BEAT_SECONDS)
        with suppress(TeeInfraError):
            self._locks.release(self._lock)

    def _keep(self) -> None:
        """Renew the lock until its release. A failed renewal is retried at the next beat; a refused one is final."""
        while not self._done.wait(self._heartbeat):
            try:
                self._renew()
            except LockLostError:
                return
            except TeeInfraError:
                continue

    def _silence(self) -> float:
        """Seconds since the last renewal."""
        return max(now - then for now, then in zip(_clocks(), self._renewed, strict=True))

    def _renew(self) -> None:
        with self._renewing:
            began = _clocks()
            try:
                self._lock = self._locks.renew(self._lock)
            except LockLostError:
                self._lost = True
                raise
            self._renewed = began


@contextmanager
def locked(locks: Locks, name: str, actor: Actor, purpose: str) -> Generator[LockHandle]:
    """Hold the lock on `name` during the block. Raises `LockedError`, with holder, start and next command."""
    held = LockHandle(locks, _take(locks, name, actor, purpose))
    try:
        yield held
    finally:
        held.release()


def held_locks(locks: Locks) -> dict[str, Lock | Unreadable]:
    """Every held lock by name, without those of dead processes, which `locked` would take over."""
    return {
        name: lock
        for name, lock in locks.live().items()
        if isinstance(lock, Unreadable) or not _has_ended(locks, lock.holder)
    }


def _take(locks: Locks, name: str, actor: Actor, purpose: str) -> Lock:
    """Acquire the lock, also from a dead process of this machine if no other machine uses the locks."""
    try:
        return locks.acquire(name, actor.describe(), purpose)
    except LockedError as error:
        if not _has_ended(locks, error.lock.holder):
            raise
        locks.release(error.lock)
    return locks.acquire(name, actor.describe(), purpose)


def _has_ended(locks: Locks, holder: str) -> bool:
    process = process_on(socket.gethostname(), holder) if locks.on_this_machine else None
    return process is not None and not runs(process)


def _clocks() -> tuple[float, float]:
    """Seconds on both clocks. After a sleep, the first may have stood still, and the second may have been set back."""
    return time.monotonic(), time.time()
