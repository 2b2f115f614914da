"""The time of the embedded AWS: this machine's, or ahead of it after `tee-infra local clock`.

It ends with the process. Every answer has it as its `Date`, and items expire, stream records are trimmed, iterators end
and `aws:CurrentTime` is compared by it. Signatures, sessions of roles and what moto itself stamps keep this machine's
time: clients compare those with their own clocks.
"""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """`ahead`: seconds before this machine's time."""

    ahead: float = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead


clock = Clock()
"""The process's own."""
