"""Who may change an environment right now: a lock in the control table that its holder renews.

Times are those of AWS's own clock, which both holders and those who wait read from its answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.times import render_duration, render_time
from tee_infra.errors import BusyError, RemoteError

DURATION: Final = timedelta(seconds=90)
HEARTBEAT: Final = timedelta(seconds=20)
"""Four renewals may fail before the lock ends."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A held lock. `holder` says who, where and which process; `purpose` is the command.

    `counter` grows with every holder, so a late one can be told from its successor; `beat` grows with every renewal.
    `token` is the holder's alone.
    """

    name: str
    holder: str
    purpose: str
    counter: int
    beat: int
    token: str
    acquired_at: datetime
    renewed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it ends unless it is renewed."""
        return self.renewed_at + DURATION

    def is_live(self, now: datetime) -> bool:
        """Whether its holder still renews it."""
        return now < self.ends_at


class LockedError(BusyError):
    """Somebody else has the lock."""

    def __init__(self, lock: Lock, now: datetime) -> None:
        self.lock = lock
        self.holder = lock.holder
        held, left = max(now - lock.acquired_at, timedelta()), max(lock.ends_at - now, timedelta())
        super().__init__(
            f"{lock.name} is being changed by {lock.holder} ({lock.purpose}, for {render_duration(held)}, since "
            f"{render_time(lock.acquired_at)})",
            next="Wait for it and run the same command again. Should that process have died, its lock ends by itself "
            f"in {render_duration(left)}",
        )


class LockLostError(BusyError):
    """The lock ended while it was held, and somebody else may hold it now."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        super().__init__(
            f"the lock on {lock.name} was not renewed in time and may be somebody else's now; nothing more was changed",
            next="Run the same command again: it says who has the lock, or finishes",
        )


class UnreadableLockError(RemoteError):
    """A lock's item in the control table is none that this version wrote, so nobody can tell whether it is held."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(
            f"the lock on {name} in table {CONTROL_TABLE} cannot be read: {reason}",
            next=f'Make sure that nobody works on {name}, then delete that item: pk "locks", sk "{name}"',
        )
