"""The lock on an environment: an item in the control table that its holder renews.

Times are those of AWS's own clock, which holders and waiting runs read from its answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.times import render_duration, render_time
from tee_infra.errors import BusyError, RemoteError

DURATION: Final = timedelta(seconds=90)
HEARTBEAT: Final = timedelta(seconds=20)
"""Four renewals may fail before the lock expires."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A held lock. `holder` names the user, machine and process; `purpose` is the command.

    `counter` grows with every holder, which distinguishes a late holder from its successor; `beat` grows with every
    renewal. Only the holder knows `token`.
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
        """The time at which it expires unless it is renewed."""
        return self.renewed_at + DURATION

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < self.ends_at


class LockedError(BusyError):
    """Another run has the lock."""

    def __init__(self, lock: Lock, now: datetime) -> None:
        self.lock = lock
        self.holder = lock.holder
        held, left = max(now - lock.acquired_at, timedelta()), max(lock.ends_at - now, timedelta())
        super().__init__(
            f"{lock.name} is locked by {lock.holder} ({lock.purpose}, for {render_duration(held)}, since "
            f"{render_time(lock.acquired_at)})",
            next="Wait until that run has finished and run the same command again. If its process has died, the lock "
            f"expires automatically in {render_duration(left)}",
        )


class LockLostError(BusyError):
    """The lock expired while it was held, and another run may hold it now."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        super().__init__(
            f"lost the lock on {lock.name} (not renewed in time); stopped before changing anything else",
            next="Run the same command again to resume",
        )


class UnreadableLockError(RemoteError):
    """A lock's item in the control table was not written by this version, so it is unknown whether it is held."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(
            f"the lock on {name} in table {CONTROL_TABLE} cannot be read: {reason}",
            next=f'Make sure that no run changes {name}, then delete that item: pk "locks", sk "{name}"',
        )
