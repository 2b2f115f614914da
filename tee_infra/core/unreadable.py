"""What cannot be read, as a value: the reader keeps it and says why, instead of failing or guessing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """Something of ours that says nothing certain, and `reason` why. Whoever decides about it keeps it."""

    reason: str
