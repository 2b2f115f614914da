"""How long to wait before a retry, and when to stop."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter. All times in seconds.

    `patience` and `outage` bound the time without a single acknowledgement, not the number of attempts. `patience` is
    for throttling: a table that takes one item a minute is slow, not broken. `outage` is for lost requests and errors
    of the service.
    """

    base: float = 0.05
    cap: float = 10.0
    patience: float = 300.0
    outage: float = 40.0

    def delay(self, failures: int, chance: float) -> float:
        """The wait after `failures` in a row; `chance` is a random number in [0, 1)."""
        return chance * min(self.cap, self.base * 2 ** min(failures, 20))
