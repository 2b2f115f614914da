"""What a replication writes down, and where a run resumes.

Each entry replaces earlier ones of the same subject, so that a journal is a few items of the control table. Entries
are written after what they tell is true: repeating the work between two entries is safe, missing it is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from tee_infra.core.cutover.requests import Key, Position, Shard, Side

Segment: TypeAlias = tuple[Side, int]


@dataclass(frozen=True, slots=True)
class PositionTaken:
    """The stream is followed from here. `sweeps` are the tables whose keys are copied once more through the lanes."""

    position: Position
    sweeps: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class SegmentCopied:
    """The target has acknowledged the segment's items up to `after`; all of them if it is empty."""

    segment: int
    after: bytes


@dataclass(frozen=True, slots=True)
class BarrierPassed:
    """No write of the bulk copy can land any more."""


@dataclass(frozen=True, slots=True)
class SegmentSwept:
    """The lanes have copied the segment's keys up to `after`; all of them if it is empty."""

    segment: Segment
    after: bytes


@dataclass(frozen=True, slots=True)
class ShardRead:
    """The lanes have copied the keys of the shard's records up to `after`."""

    shard: Shard
    after: str


@dataclass(frozen=True, slots=True)
class ShardFinished:
    """The lanes have copied every key of a closed shard, which these continue."""

    shard: Shard
    children: tuple[Shard, ...]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """The item cannot be in the target; `reason` has no value of it."""

    key: Key
    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """The target has what the source has, again."""

    key: Key


@dataclass(frozen=True, slots=True)
class Verified:
    """A complete comparison without a difference. `began` is AWS's time, `shards` where the tail was then, of the
    position with this `generation`."""

    began: datetime
    generation: int
    shards: Mapping[Shard, str | None]


@dataclass(frozen=True, slots=True)
class Differed:
    """A complete comparison that found `items` which differ, as `Verified` otherwise. It takes the place of an earlier
    one without a difference."""

    began: datetime
    generation: int
    items: int


Entry: TypeAlias = (
    PositionTaken
    | SegmentCopied
    | BarrierPassed
    | SegmentSwept
    | ShardRead
    | ShardFinished
    | Quarantined
    | Released
    | Verified
    | Differed
)


@dataclass(frozen=True, slots=True)
class Progress:
    """A journal as a whole.

    `copied` has the segments of the bulk copy, `sweeps` the unfinished segments of a sweep, both with the key after
    which they continue; `shards` the shards to read, with the sequence number after which they continue.
    """

    segments: int
    positioned: bool = False
    copied: Mapping[int, bytes] = field(default_factory=dict)
    barrier: bool = False
    sweeps: Mapping[Segment, bytes] = field(default_factory=dict)
    shards: Mapping[Shard, str | None] = field(default_factory=dict)
    quarantine: Mapping[Key, str] = field(default_factory=dict)


def resume(segments: int, entries: Iterable[Entry]) -> Progress:
    """The progress after these entries, of a run with so many segments."""
    progress = Progress(segments)
    for entry in entries:
        progress = after(progress, entry)
    return progress


def after(progress: Progress, entry: Entry) -> Progress:  # noqa: PLR0911  # one for each entry
    """The progress after one more entry."""
    match entry:
        case PositionTaken(position, sides):
            sweeps = {(side, segment): b"" for side in sides for segment in range(progress.segments)}
            return replace(progress, positioned=True, shards=position.shards, sweeps=sweeps)
        case SegmentCopied(segment, last):
            return replace(progress, copied={**progress.copied, segment: last})
        case BarrierPassed():
            return replace(progress, barrier=True)
        case SegmentSwept(swept, last):
            others = {each: key for each, key in progress.sweeps.items() if each != swept}
            return replace(progress, sweeps={**others, swept: last} if last else others)
        case ShardRead(shard, number):
            return replace(progress, shards={**progress.shards, shard: number})
        case ShardFinished(shard, children):
            others = {each: number for each, number in progress.shards.items() if each != shard}
            return replace(progress, shards=others | dict.fromkeys(children))
        case Quarantined(key, reason):
            return replace(progress, quarantine={**progress.quarantine, key: reason})
        case Released(key):
            return replace(progress, quarantine={each: why for each, why in progress.quarantine.items() if each != key})
        case Verified() | Differed():
            return progress
