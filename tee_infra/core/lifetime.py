"""How long a feature environment lives: its lease, as durations and times alone."""

import re
from datetime import datetime, timedelta
from typing import Final

from tee_infra.errors import UsageError

DEFAULT_TTL: Final = timedelta(hours=72)
MIN_TTL: Final = timedelta(minutes=10)
MAX_TTL: Final = timedelta(days=14)
MAX_LIFE: Final = timedelta(days=30)
"""No activity carries a lease further than this from its creation."""
MAX_HOLD: Final = timedelta(days=30)
GONE_BRANCH_TTL: Final = timedelta(hours=24)
"""What is left of a lease, at most, once the branch is gone: a branch deleted by mistake can be pushed again."""
WARNINGS: Final = (timedelta(hours=2), timedelta(hours=48))

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class DurationError(UsageError):
    """A duration that cannot be read, or is out of its bounds."""

    def __init__(self, what: str, value: str, bound: str) -> None:
        self.value = value
        super().__init__(f"{what} is {value!r}; write minutes, hours or days, as in 90m, 72h or 14d, {bound}")


def parse_duration(text: str, what: str, *, at_least: timedelta, at_most: timedelta) -> timedelta:
    """Read `90m`, `72h`, `14d`. `what` is the option for the message. Raises `DurationError`."""
    bound = f"from {render_duration(at_least)} to {render_duration(at_most)}"
    read = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if read is None:
        raise DurationError(what, text, bound)
    duration = int(read[1]) * _UNITS[read[2]]
    if not at_least <= duration <= at_most:
        raise DurationError(what, text, bound)
    return duration


def lease_end(created_at: datetime, last_activity: datetime, ttl: timedelta) -> datetime:
    """When a lease ends: the activity's `ttl` is over, or the environment has lived for `MAX_LIFE`."""
    return min(last_activity + ttl, created_at + MAX_LIFE)


def warning(expires_at: datetime, now: datetime) -> timedelta | None:
    """The tightest of `WARNINGS` that a lease has come within; None: there is time, or it is over."""
    left = expires_at - now
    return next((bound for bound in WARNINGS if timedelta() < left <= bound), None)


def render_duration(duration: timedelta) -> str:
    """For people, in its two largest units: `2 d 3 h`, `45 min`; below two minutes in seconds: `12 s`."""
    seconds = int(duration.total_seconds())
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds} s"
    minutes = seconds // 60
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"


def render_left(expires_at: datetime, now: datetime) -> str:
    """For people: `in 2 d 3 h`, `5 h ago`."""
    if expires_at > now:
        return f"in {render_duration(expires_at - now)}"
    return f"{render_duration(now - expires_at)} ago"
