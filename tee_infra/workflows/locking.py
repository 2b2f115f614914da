"""Hold the lock on an environment while it is changed, renewed in the background."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread

from tee_infra.aws.control_locks import Locks
from tee_infra.core.actor import Actor
from tee_infra.core.lock import HEARTBEAT, Lock, LockLostError
from tee_infra.errors import TeeInfraError


class Held:
    """A lock that is held. Call `check` before every step that must not run twice at once."""

    def __init__(self, locks: Locks, lock: Lock) -> None:
        self._locks = locks
        self._lock = lock
        self._lost = False
        self._done = Event()

    def check(self) -> None:
        """Raises `LockLostError` once a renewal was refused."""
        if self._lost:
            raise LockLostError(self._lock)

    def keep(self) -> None:
        """Renew it until `give_back`. What fails is tried again at the next beat; what is refused is the end."""
        while not self._done.wait(HEARTBEAT.total_seconds()):
            try:
                self._lock = self._locks.renew(self._lock)
            except LockLostError:
                self._lost = True
                return
            except TeeInfraError:
                continue

    def give_back(self) -> None:
        """Let the next one in."""
        self._done.set()
        self._locks.release(self._lock)


@contextmanager
def locked(locks: Locks, name: str, actor: Actor, purpose: str) -> Generator[Held]:
    """Hold the lock on `name` during the block. Raises `LockedError`, which says who has it, since when, what next."""
    held = Held(locks, locks.acquire(name, actor.describe(), purpose))
    Thread(target=held.keep, daemon=True, name=f"lock {name}").start()
    try:
        yield held
    finally:
        held.give_back()
