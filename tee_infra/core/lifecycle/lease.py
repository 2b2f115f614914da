"""The lease of a feature environment, as durations and times only."""

from datetime import datetime, timedelta
from typing import Final

DEFAULT_TTL: Final = timedelta(hours=72)
MIN_TTL: Final = timedelta(minutes=10)
MAX_TTL: Final = timedelta(days=14)
MAX_LIFE: Final = timedelta(days=30)
"""The longest life: no activity extends a lease beyond this after the creation."""
MAX_HOLD: Final = timedelta(days=30)
GONE_BRANCH_TTL: Final = timedelta(hours=24)
"""The most that remains of a lease once the branch is deleted: one deleted by mistake can be pushed again."""
WARNINGS: Final = (timedelta(hours=2), timedelta(hours=48))


def lease_end(created_at: datetime, last_activity: datetime, ttl: timedelta) -> datetime:
    """The end of a lease: `ttl` after the activity, but at most `MAX_LIFE` after the creation."""
    return min(last_activity + ttl, created_at + MAX_LIFE)


def warning(expires_at: datetime, now: datetime) -> timedelta | None:
    """The tightest of `WARNINGS` that the rest of a lease is within; None: there is more time, or it has expired."""
    left = expires_at - now
    return next((bound for bound in WARNINGS if timedelta() < left <= bound), None)
