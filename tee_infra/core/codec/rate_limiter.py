"""Rate limiting: a token bucket over consumed capacity that finds a table's limit automatically.

Pure: the time is an argument. Rates are capacity units a second. Without a cap nothing waits until the first
throttled request. From then on each window of replies decides. Many throttled: the rate becomes the consumed rate,
because a throttling table delivers its limit. Few: this is the limit, keep it. None: grow, slowly at first and faster
the longer nothing is throttled.
"""

from dataclasses import dataclass
from typing import Final

_FIRST_CUT: Final = 0.125
"""The first throttling comes at the client's full rate, often many times the limit."""
_ENOUGH: Final = 0.97
_CLOSED: Final = 0.05
_HALF: Final = 0.5
_RESPONSE: Final = 0.25
_WINDOW_SECONDS: Final = 0.05
_WINDOW_REPLIES: Final = 8
_CREEP: Final = 0.01
_PROBE: Final = 0.2
_SAFE: Final = 0.9
_RETURN: Final = 1.25
"""The growth per window while the rate is below the table's average so far."""
_GUESS: Final = 250.0
"""The rate to start at when the first throttling comes before anything was consumed."""


@dataclass(slots=True)
class RateLimiter:
    """The state. `rate` stays between `floor` and `cap`, and is None as long as nothing limits it."""

    cap: float | None = None
    floor: float = 1.0
    rate: float | None = None
    _next: float = 0.0
    _began: float | None = None
    _replies: int = 0
    _consumed: float = 0.0
    _refused: float = 0.0
    _calm_since: float = 0.0
    _started: float = 0.0
    _total: float = 0.0
    _usual: float = 1.0
    """The share that is accepted at any rate: less than everything where a partition is hot."""
    _last_cut: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self.rate = self.cap

    def take(self, units: float, now: float) -> float:
        """Reserve `units`; the seconds to wait before they may be used."""
        if self._began is None:
            self._began = self._started = now
        if self.rate is None:
            return 0.0
        begin = max(self._next, now)
        self._next = begin + units / self.rate
        return begin - now

    def settle(self, reserved: float, consumed: float, refused: float, now: float) -> None:
        """Account for the reply to a reservation: consumed and throttled, in the same units."""
        began = self._began if self._began is not None else now
        self._replies += 1
        self._consumed += consumed
        self._total += consumed
        self._refused += refused
        if self.rate is not None:
            self._next += (consumed + refused - reserved) / self.rate
            if now - began >= _WINDOW_SECONDS and self._replies >= _WINDOW_REPLIES:
                self.rate = self._decide(self.rate, now, now - began)
                self._open_window(now)
        elif refused:
            seconds = max(now - began, 0.001)
            self.rate = max(self._consumed / seconds * _FIRST_CUT, _GUESS, self.floor)
            self._started, self._total = now, 0.0
            self._open_window(now)

    def _decide(self, rate: float, now: float, seconds: float) -> float:
        asked = self._consumed + self._refused
        accepted = self._consumed / asked if asked else 1.0
        average = self._total / (now - self._started)
        if accepted >= _ENOUGH * self._usual:
            if accepted == 1.0:
                self._usual, self._last_cut = 1.0, None
            calm = accepted == 1.0 or self._usual < 1.0
            return self._grown(rate, now, seconds, average) if calm else self._held(rate, now)
        if not self._cutting_helps(rate, accepted):
            self._usual = accepted * _ENOUGH
            return self._held(rate, now)
        self._last_cut = (rate, accepted)
        # A table that accepts nothing counts per second and refuses everything for the rest of it.
        delivered = average if accepted < _CLOSED else self._consumed / seconds
        return self._held(max(min(rate, delivered), rate / 4, self.floor), now)

    def _grown(self, rate: float, now: float, seconds: float, average: float) -> float:
        if rate < _SAFE * average:
            rate *= _RETURN
        else:
            rate *= 1 + (_CREEP + _PROBE * (now - self._calm_since) ** 2) * min(seconds, 1.0)
        return rate if self.cap is None else min(rate, self.cap)

    def _held(self, rate: float, now: float) -> float:
        self._calm_since = now
        return rate

    def _cutting_helps(self, rate: float, accepted: float) -> bool:
        """Whether the last cut raised the accepted share. If not, a lower rate does not help: a hot partition."""
        if accepted < _HALF or self._last_cut is None or self._last_cut[0] <= rate:
            return True
        rate_before, accepted_before = self._last_cut
        return accepted > accepted_before * (1 + (rate_before / rate - 1) * _RESPONSE)

    def _open_window(self, now: float) -> None:
        self._began, self._replies, self._consumed, self._refused = now, 0, 0.0, 0.0
