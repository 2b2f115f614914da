"""The rules of the two-stage lease, without input or output; the model check of a switch runs these very rules.

A client writes only while its last read of the pointer is younger than its lease. The operator of a switch waits the
long lease out in PREPARING, with writes open, and only the short one in DRAINING, with writes held.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Pointer:
    """The open slot, as read from the control table. `drain_until`: seconds since 1970, in DRAINING only."""

    epoch: int
    state: str
    slot: str
    drain_until: float | None = None


@dataclass(frozen=True, kw_only=True)
class Leases:
    """How long a read of the pointer permits writes, in seconds, by a clock that never goes back."""

    long: float
    """In ACTIVE."""
    short: float
    """In PREPARING."""

    def seconds(self, state: str) -> float:
        """The lease in a state: none in DRAINING, and none in a state of a later version."""
        return {"ACTIVE": self.long, "PREPARING": self.short}.get(state, 0.0)

    def permit(self, pointer: Pointer, age: float) -> bool:
        """Whether a write may be sent now. `age`: since before the read of the pointer was sent."""
        return 0 <= age < self.seconds(pointer.state)


LEASES: Final = Leases(long=5.0, short=0.5)
RENEWAL: Final = 0.1
"""Seconds between two reads of the pointer, except in ACTIVE."""
CALM_RENEWAL: Final = 1.5
"""The same in ACTIVE: two reads may fail before the lease expires."""
LONGEST_DRAIN: Final = 30.0
"""Seconds after which a drain has expired, even if its `drain_until` is wrong."""


def may_end(pointer: Pointer, now: float, watched: float) -> bool:
    """Whether a client should try to end the drain. The condition of its write decides whether it does.

    `now`: seconds since 1970, by AWS's clock. `watched`: seconds since this client first saw this epoch.
    """
    if pointer.state != "DRAINING":
        return False
    return watched >= LONGEST_DRAIN or (pointer.drain_until is not None and now >= pointer.drain_until)


def ended(pointer: Pointer) -> Pointer:
    """The pointer after the end of a drain without a switch: the old slot is open again, in the next epoch."""
    return Pointer(pointer.epoch + 1, "ACTIVE", pointer.slot)


def has_moved(began: Pointer, now: Pointer) -> bool:
    """Whether the slot may have been closed in between. Three epochs lead back to ACTIVE in the same slot at most; a
    switch to another slot and back takes more."""
    return now.slot != began.slot or not 0 <= now.epoch - began.epoch <= _AN_ABORT


_AN_ABORT: Final = 3


def table_name(slot: str, table: str) -> str:
    """The physical table: `prod-v2` and `tee-admin` -> `prod-v2-tee-admin`; the slot `legacy` has the bare names."""
    return table if slot == "legacy" else f"{slot}-{table}"
