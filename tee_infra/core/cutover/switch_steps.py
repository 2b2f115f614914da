"""What a switch asks of its runner: each step is data, and the answer is sent into the generator.

A runner that fails throws its error into the generator. A pointer or a journal is written only under its condition.
An effect on a tail carries the epoch of the drain: a tail applies changes to a slot only while the pointer names the
other one, so that a late effect of an operator that was given up changes no data.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tee_infra.core.cutover.pointer import Pointer

Step = Literal["prepare", "drain", "arm", "fence", "finished", "aborted"]
"""Of a journal. Earlier versions wrote `fence` after the flip; a switch that they left there is finished."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """One switch in the control table. `epoch` is that of ACTIVE at its begin; `version` is the condition of a write.

    `step` is the one that begins now; `position` is R, where the reverse replication reads the new slot's streams from.
    """

    environment: str
    source: str
    target: str
    epoch: int
    version: int = 0
    step: Step = "prepare"
    position: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return self.step in ("finished", "aborted")

    def at(self, step: Step) -> "Journal":
        """The journal to write before `step`."""
        return replace(self, step=step, version=self.version + 1)


@dataclass(frozen=True)
class ReadPointer:
    """Answer: `Pointer`, or `Unreadable`."""


@dataclass(frozen=True)
class WritePointer:
    """Write `after` if the pointer has the epoch of `before`. Answer: whether the pointer is `after` by this write."""

    before: Pointer
    after: Pointer


@dataclass(frozen=True)
class WriteJournal:
    """Write it if the present one has the version before. Another run's journal is an error."""

    journal: Journal


@dataclass(frozen=True)
class Wait:
    """Wait `seconds` by a clock that never goes back."""

    seconds: float


@dataclass(frozen=True)
class ReadClocks:
    """Answer: `Clocks`."""


@dataclass(frozen=True)
class Clocks:
    """AWS's time, and seconds by a clock that never goes back."""

    aws: datetime
    seconds: float


@dataclass(frozen=True)
class ProbeNewSlot:
    """Answer: whether this role's writes to each table of the new slot are let through. It writes nothing."""


@dataclass(frozen=True)
class Drain:
    """Pass a sentinel through every open shard of the old slot and read closed ones completely, and apply it all.

    Answer: whether that was done within `seconds`.
    """

    seconds: float


@dataclass(frozen=True)
class Compare:
    """Compare the keys that changed since the last clean pass. Answer: `Compared`."""


@dataclass(frozen=True)
class Compared:
    """The keys that were compared, and those that differ."""

    keys: int
    differences: int


@dataclass(frozen=True)
class RecordPosition:
    """Answer: R, the tip of the new slot's streams, as text."""


@dataclass(frozen=True)
class StopForward:
    """Stop the replication from the old slot to the new one. It keeps its position: a tail continues from there as
    soon as the switch has ended, if it was aborted."""

    epoch: int


@dataclass(frozen=True)
class ArmReverse:
    """Make the replication from the new slot to the old one ready at `position`, to apply once `epoch` is flipped."""

    epoch: int
    position: str


@dataclass(frozen=True)
class DisarmReverse:
    """Forget the readiness of this epoch."""

    epoch: int


Effect = (
    ReadPointer
    | WritePointer
    | WriteJournal
    | Wait
    | ReadClocks
    | ProbeNewSlot
    | Drain
    | Compare
    | RecordPosition
    | StopForward
    | ArmReverse
    | DisarmReverse
)
