"""How long a feature environment lives: its lease, as durations and times alone."""

from datetime import datetime, timedelta
from typing import Final

DEFAULT_TTL: Final = timedelta(hours=72)
MIN_TTL: Final = timedelta(minutes=10)
MAX_TTL: Final = timedelta(days=14)
MAX_LIFE: Final = timedelta(days=30)
"""No activity carries a lease further than this from its creation."""
MAX_HOLD: Final = timedelta(days=30)
GONE_BRANCH_TTL: Final = timedelta(hours=24)
"""What is left of a lease, at most, once the branch is gone: a branch deleted by mistake can be pushed again."""
WARNINGS: Final = (timedelta(hours=2), timedelta(hours=48))


def lease_end(created_at: datetime, last_activity: datetime, ttl: timedelta) -> datetime:
    """When a lease ends: the activity's `ttl` is over, or the environment has lived for `MAX_LIFE`."""
    return min(last_activity + ttl, created_at + MAX_LIFE)


def warning(expires_at: datetime, now: datetime) -> timedelta | None:
    """The tightest of `WARNINGS` that a lease has come within; None: there is time, or it is over."""
    left = expires_at - now
    return next((bound for bound in WARNINGS if timedelta() < left <= bound), None)
