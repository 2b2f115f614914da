"""What cannot be read, as a value: the reader keeps it and says why, instead of failing or guessing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A record, state or tags that cannot be read, and the `reason`. Cleanup keeps the environment."""

    reason: str
