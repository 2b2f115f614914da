"""The faults of this process. None survives it, and `clear` ends all of them at once."""

from dataclasses import dataclass, field
from typing import Any

from tee_infra.local.late_writes import Late
from tee_infra.local.throttling import Throttle


@dataclass(slots=True)
class Faults:
    """By table; `throttled`: a share of its requests, or None for those beyond its caps."""

    late: dict[str, Late] = field(default_factory=dict[str, Late])
    throttled: dict[str, Throttle] = field(default_factory=dict[str, Throttle])

    def are_set(self) -> bool:
        """Whether a request has to be looked at."""
        return bool(self.late or self.throttled)

    def clear(self) -> None:
        """End all of them."""
        self.late.clear()
        self.throttled.clear()

    def describe(self) -> dict[str, Any]:
        """As a control request is answered."""
        late = [
            {"table": table, "percent": each.share.percent, "seconds": each.seconds}
            for table, each in sorted(self.late.items())
        ]
        throttled = [
            {"table": table, "percent": each.share.percent if each.share else None}
            for table, each in sorted(self.throttled.items())
        ]
        return {"late": late, "throttled": throttled}


faults = Faults()
"""The process's own."""
