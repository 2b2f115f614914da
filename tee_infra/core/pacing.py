"""How fast to go: a token bucket over consumed capacity that finds a table's limit by itself.

Pure: the caller says what time it is. Rates are capacity units a second. Without a cap nothing waits until the first
refusal. From then on each window of replies decides. Much refused: the rate becomes what was delivered, because a
table that refuses delivers its limit. A little: this is the limit, hold. Nothing: grow, slowly at first and faster
the longer nothing is refused.
"""

from dataclasses import dataclass
from typing import Final

_FIRST_CUT: Final = 0.125
"""The first refusal comes at whatever rate the client can send, often many times the limit."""
_MUCH: Final = 0.1
_LITTLE: Final = 0.05
_WINDOW_SECONDS: Final = 0.05
_WINDOW_REPLIES: Final = 8
_CREEP: Final = 0.01
_PROBE: Final = 0.2
_SAFE: Final = 0.9
_RETURN: Final = 1.25
"""Below what the table took on average so far, the rate returns by so much a window."""
_FLOOR: Final = 1.0


@dataclass(slots=True)
class Pace:
    """The state. `cap` is never exceeded; `rate` is None as long as nothing limits it; `refusals` counts replies."""

    cap: float | None = None
    rate: float | None = None
    refusals: int = 0
    _next: float = 0.0
    _began: float | None = None
    _replies: int = 0
    _consumed: float = 0.0
    _refused: float = 0.0
    _calm_since: float = 0.0
    _started: float = 0.0
    _total: float = 0.0

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
        """A reply came for a reservation: what was consumed, and what was refused, in the same units."""
        began = self._began if self._began is not None else now
        self._replies += 1
        self._consumed += consumed
        self._total += consumed
        self._refused += refused
        self.refusals += refused > 0
        if self.rate is not None:
            self._next += (consumed + refused - reserved) / self.rate
            if now - began >= _WINDOW_SECONDS and self._replies >= _WINDOW_REPLIES:
                self.rate = self._decide(self.rate, now, now - began)
                self._open_window(now)
        elif refused:
            seconds = max(now - began, 0.001)
            self.rate = max(self._consumed / seconds * _FIRST_CUT, _FLOOR)
            self._open_window(now)

    def _decide(self, rate: float, now: float, seconds: float) -> float:
        asked = self._consumed + self._refused
        average = self._total / (now - self._started)
        if self._refused > _MUCH * asked:
            # A table that refuses everything counts by the second and has closed for the rest of it.
            closed = self._consumed < _LITTLE * asked
            delivered = average if closed else self._consumed / seconds
            rate = max(min(rate, delivered), rate / 4, _FLOOR)
        if self._refused:
            self._calm_since = now
        elif rate < _SAFE * average:
            rate *= _RETURN
        else:
            rate *= 1 + (_CREEP + _PROBE * (now - self._calm_since) ** 2) * min(seconds, 1.0)
        return rate if self.cap is None else min(rate, self.cap)

    def _open_window(self, now: float) -> None:
        self._began, self._replies, self._consumed, self._refused = now, 0, 0.0, 0.0
