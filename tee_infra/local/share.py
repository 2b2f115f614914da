"""Which requests a fault concerns."""

from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Share:
    """A share of requests, drawn the same way each time the fault is set: `percent` of 100."""

    percent: int
    _random: Random = field(default_factory=lambda: Random(0))  # noqa: S311  # which requests, and nothing secret

    def takes(self) -> bool:
        """Whether the next request is one of them."""
        return self._random.randrange(100) < self.percent
