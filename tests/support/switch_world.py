"""What a simulated switch shares: two slots, and the pointer, the journal and the locks, written on conditions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar

from tee_infra.core.cutover.journal import BarrierPassed, PositionTaken, SegmentCopied, Verified
from tee_infra.core.cutover.journal_items import SEGMENTS, StoredJournal, entry_items, read_journal
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.requests import Position, Shard
from tee_infra.core.cutover.switch_steps import Journal
from tests.support.cutover_world import Time, World

OLD, NEW = "prod", "prod-v2"
LOCK_SECONDS = 10.0
"""After which the lock of a process that is frozen or dead is free."""
START = datetime(2026, 12, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Armed:
    """From where the slot `source` is followed after the flip."""

    epoch: int
    source: str
    position: Position | None
    begun: bool = False


@dataclass
class Lock:
    """`wanted` and `holder` are processes; a holder that does not renew it loses it."""

    time: Time
    holder: Any = None
    renewed: float = 0.0

    def take(self, process: Any) -> bool:
        free = self.holder is None or self.time.now - self.renewed > LOCK_SECONDS
        if free or self.holder is process:
            self.holder, self.renewed = process, self.time.now
        return self.holder is process

    def renew(self, process: Any) -> None:
        if self.holder is process:
            self.renewed = self.time.now

    def release(self, process: Any) -> None:
        if self.holder is process:
            self.holder = None

    @property
    def held(self) -> bool:
        return self.holder is not None and self.time.now - self.renewed <= LOCK_SECONDS


@dataclass
class Control:
    """The control table. `unconditional`: a kind of write of the pointer whose condition is left out.

    `opened` is called with each slot that a flip opens.
    """

    time: Time
    pointer: Pointer = Pointer(epoch=0, state="ACTIVE", slot=OLD)  # noqa: RUF009  # it is immutable
    journal: Journal | None = None
    armed: Armed | None = None
    unconditional: ClassVar[str] = ""
    drained_since: float | None = None
    longest_drain: float = 0.0
    flips: int = 0
    opened: Callable[[str], None] = lambda _: None
    switch_lock: Lock = field(init=False)
    replication_lock: Lock = field(init=False)

    def __post_init__(self) -> None:
        self.switch_lock, self.replication_lock = Lock(self.time), Lock(self.time)

    def aws(self) -> datetime:
        return START + timedelta(seconds=self.time.now)

    def move(self, epoch: int, after: Pointer, kind: str) -> bool:
        """Whether the pointer is `after` now."""
        if self.pointer.epoch == epoch or kind == self.unconditional:
            flipped, self.pointer = after.slot != self.pointer.slot, after
            if flipped:
                self.flips += 1
                self.opened(after.slot)
            if after.state == "DRAINING":
                self.drained_since = self.time.now
            elif self.drained_since is not None:
                self.longest_drain = max(self.longest_drain, self.time.now - self.drained_since)
                self.drained_since = None
        return self.pointer == after

    def arm(self, armed: Armed) -> bool:
        """An older epoch's is refused."""
        if self.armed is not None and self.armed.epoch > armed.epoch:
            return False
        self.armed = armed
        return True

    def disarm(self, epoch: int) -> None:
        if self.armed is not None and self.armed.epoch == epoch:
            self.armed = replace(self.armed, position=None)


class Slots:
    """Both slots, each as the source of a world."""

    def __init__(self, random: Random, time: Time) -> None:
        forward = World(random, time)
        self.worlds = {OLD: forward, NEW: forward.link()}

    def stored(self, source: str) -> StoredJournal:
        """The journal of the replication from `source`, as the control table has it."""
        items: dict[str, dict[str, Any]] = {}
        generation = 0
        for entry in self.worlds[source].journal:
            generation += isinstance(entry, PositionTaken)
            items |= {item["sk"]: item for item in entry_items("journal", entry, generation)}
        return read_journal("journal", items.values())

    def note_verified(self, source: str, shards: Mapping[Shard, str | None]) -> None:
        """A comparison without a difference began when the tail was there."""
        journal = self.worlds[source].journal
        generation = sum(isinstance(entry, PositionTaken) for entry in journal)
        journal.append(Verified(START, generation, shards))

    def begin(self, control: Control, source: str) -> None:
        """The journal of the way back begins with the position that was recorded before the flip."""
        armed = control.armed
        if armed is None or armed.position is None or armed.begun or armed.source != source:
            return
        copied = [SegmentCopied(segment, b"") for segment in range(SEGMENTS)]
        self.worlds[source].journal += [*copied, BarrierPassed(), PositionTaken(armed.position, ())]
        self.note_verified(source, armed.position.shards)
        control.armed = replace(armed, begun=True)


def other(slot: str) -> str:
    return NEW if slot == OLD else OLD
