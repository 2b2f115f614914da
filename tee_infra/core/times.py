"""Times and durations as text: RFC 3339 for programs, `2 d 3 h` for people, `72h` on the command line."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tee_infra.errors import UsageError

_STORED: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,}(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_USUAL: Final = (2000, 2199)
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def render_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the second, the form of every time in tags and output: `2026-12-01T00:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time with its zone. Raises `ValueError`, also without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; write it as 2026-12-01T00:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is not a time in UTC") from None


def parse_stored_time(value: object) -> datetime:
    """Read a time that this program wrote, strictly: RFC 3339 text of the years 2000 to 2199.

    Near the bounds of `datetime`, adding a lease to a time would fail. Raises `ValueError`.
    """
    if not isinstance(value, str) or not _STORED.fullmatch(value):
        raise ValueError(f"{value!r} is not an RFC 3339 timestamp of this program")
    return require_usual(parse_time(value))


def require_usual(moment: datetime) -> datetime:
    """The same time, of the years 2000 to 2199. Raises `ValueError`."""
    if not _USUAL[0] <= moment.year <= _USUAL[1]:
        raise ValueError(f"the year {moment.year} is not between {_USUAL[0]} and {_USUAL[1]}")
    return moment


class DurationError(UsageError):
    """A duration that cannot be parsed, or is out of bounds."""

    def __init__(self, what: str, value: str, bound: str) -> None:
        self.value = value
        super().__init__(f"{what} is {value!r}; allowed: minutes, hours or days, e.g. 90m, 72h or 14d, {bound}")


def parse_duration(text: str, what: str, *, at_least: timedelta, at_most: timedelta) -> timedelta:
    """Parse `90m`, `72h`, `14d`. `what` is the option for the message. Raises `DurationError`."""
    bound = f"from {render_duration(at_least)} to {render_duration(at_most)}"
    read = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if read is None:
        raise DurationError(what, text, bound)
    duration = int(read[1]) * _UNITS[read[2]]
    if not at_least <= duration <= at_most:
        raise DurationError(what, text, bound)
    return duration


def render_duration(duration: timedelta) -> str:
    """For people, in the two largest units: `2 d 3 h`, `45 min`; below two minutes in seconds: `12 s`."""
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
