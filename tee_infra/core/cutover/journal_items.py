"""A replication's journal as items of the control table: one for each subject, so that an entry replaces earlier ones.

A journal belongs to two tables by their ids: a table that was created again has another one, and is copied again.
Positions have a generation, because a new one replaces the shards and the sweeps of the one before as a whole.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from tee_infra.core import names
from tee_infra.core.cutover.journal import (
    BarrierPassed,
    Differed,
    Entry,
    PositionTaken,
    Progress,
    Quarantined,
    Released,
    SegmentCopied,
    SegmentSwept,
    ShardFinished,
    ShardRead,
    Verified,
    after,
)
from tee_infra.core.cutover.requests import Position, Shard, Side
from tee_infra.core.times import parse_stored_time
from tee_infra.errors import RemoteError

Item = dict[str, Any]

SEGMENTS: Final = 8
"""Of every journal: segments that were copied by one number cannot be continued by another."""


_NONE: Final = -1
"""No position has this generation, so also an earlier version takes a difference for no verification."""


class UnreadableJournalError(RemoteError):
    """A journal that this version did not write; a replication does not guess its progress."""

    def __init__(self, journal: str, reason: str) -> None:
        self.journal = journal
        super().__init__(
            f"{journal}: an item of this journal cannot be read: {reason}. Nothing was changed",
            next="Use the version of tee-infra that wrote it",
        )


@dataclass(frozen=True, kw_only=True)
class StoredJournal:
    """What a journal has: `generation` 0 and an unpositioned progress for a new one.

    `verified_at`: when the last complete comparison without a difference began, None if the stream lost records since
    or a later one found a difference; `verified_shards` is where the tail was then. `differed_at`: when the last one
    began if it found `different` items. `sentinels`: name of a run -> the highest number that its heartbeats
    may have used.
    """

    progress: Progress
    generation: int = 0
    sentinels: Mapping[str, int] = field(default_factory=dict[str, int])
    verified_at: datetime | None = None
    verified_shards: Mapping[Shard, str | None] = field(default_factory=dict["Shard", "str | None"])
    differed_at: datetime | None = None
    different: int = 0

    @property
    def since_verified(self) -> Progress:
        """The progress with the tail where it was at the last comparison: an earlier position is as correct."""
        if not self.verified_shards or self.progress.sweeps:
            return self.progress
        return replace(self.progress, shards=dict(self.verified_shards))


def journal_name(source: str, target: str, table: str, identities: Sequence[str]) -> str:
    """The partition key of a journal. `identities` are what must stay the same: both tables' ids, the transform."""
    told = hashlib.blake2b("\0".join(identities).encode(), digest_size=6).hexdigest()
    return names.replication_journal(source, target, table, told)


def entry_items(journal: str, entry: Entry, generation: int) -> list[Item]:  # noqa: C901  # one case for each entry
    """The items of an entry; `generation` is that of the position that it is about."""
    match entry:
        case PositionTaken(position, sweeps):
            facts = {
                "generation": generation,
                "shards": dict(position.shards),
                "sweeps": [str(side) for side in sweeps],
            }
            item = _item(journal, "position", **facts)
        case SegmentCopied(segment, last):
            item = _item(journal, f"copied#{segment:04}", segment=segment, after=last.decode())
        case BarrierPassed():
            item = _item(journal, "barrier")
        case SegmentSwept((side, segment), last):
            facts = {"generation": generation, "side": str(side), "segment": segment, "after": last.decode()}
            item = _item(journal, f"swept#{generation:06}#{side}#{segment:04}", **facts)
        case ShardRead(shard, number):
            item = _item(journal, _shard(generation, shard), generation=generation, shard=shard, after=number)
        case ShardFinished(shard, children):
            facts = {"generation": generation, "shard": shard, "children": list(children)}
            item = _item(journal, _shard(generation, shard), **facts)
        case Quarantined(key, reason):
            item = _item(journal, _quarantine(key), key=key.decode(), reason=reason)
        case Released(key):
            item = _item(journal, _quarantine(key), key=key.decode())
        case Verified(began, its_generation, shards):
            facts = {"at": began.isoformat(), "generation": its_generation, "shards": dict(shards)}
            item = _item(journal, "verified", **facts)
        case Differed(began, its_generation, items):
            facts = {"at": began.isoformat(), "generation": _NONE, "shards": {}}
            item = _item(journal, "verified", **facts, differed=its_generation, items=items)
    return [item]


def sentinels_item(journal: str, reserved: Mapping[str, int]) -> Item:
    """The numbers that the heartbeats of runs may have used."""
    return _item(journal, "sentinels", reserved=dict(reserved))


def read_journal(journal: str, items: Iterable[Mapping[str, Any]]) -> StoredJournal:
    """The journal in the items of its partition. Raises `UnreadableJournalError`."""
    by_key = {str(item["sk"]): item for item in items}
    try:
        return _read(by_key)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableJournalError(journal, f"{type(error).__name__}: {error}") from None


def _read(by_key: Mapping[str, Mapping[str, Any]]) -> StoredJournal:
    known = ("position", "copied#", "barrier", "swept#", "shard#", "quarantine#", "sentinels", "verified")
    if strange := next((key for key in by_key if not key.startswith(known)), None):
        raise ValueError(f"{strange} is not known to this version")
    progress, generation = Progress(SEGMENTS), 0
    if (item := by_key.get("position")) is not None:
        generation = int(item["generation"])
        position = Position({str(shard): _number(after_) for shard, after_ in item["shards"].items()})
        progress = after(progress, PositionTaken(position, tuple(Side(side) for side in item["sweeps"])))
    for key, item in by_key.items():
        for entry in _entries(key, item, generation):
            progress = after(progress, entry)
    progress = replace(progress, shards=_follow(progress.shards, by_key, generation))
    verified = by_key.get("verified", {"generation": None})
    current, differed = verified["generation"] == generation, verified.get("differed") == generation
    return StoredJournal(
        progress=progress,
        generation=generation,
        sentinels={
            str(name): int(upto) for name, upto in by_key.get("sentinels", {"reserved": {}})["reserved"].items()
        },
        verified_at=parse_stored_time(verified["at"]) if current else None,
        verified_shards=dict(verified["shards"]) if current else {},
        differed_at=parse_stored_time(verified["at"]) if differed else None,
        different=int(verified["items"]) if differed else 0,
    )


def _entries(key: str, item: Mapping[str, Any], generation: int) -> Iterable[Entry]:
    """The entries in an item, but for those about shards."""
    kind = key.partition("#")[0]
    if kind == "copied":
        yield SegmentCopied(int(item["segment"]), _text(item["after"]).encode())
    elif kind == "barrier":
        yield BarrierPassed()
    elif kind == "swept" and item["generation"] == generation:
        yield SegmentSwept((Side(item["side"]), int(item["segment"])), _text(item["after"]).encode())
    elif kind == "quarantine" and "reason" in item:
        yield Quarantined(_text(item["key"]).encode(), _text(item["reason"]))


def _follow(
    start: Mapping[Shard, str | None], by_key: Mapping[str, Mapping[str, Any]], generation: int
) -> dict[Shard, str | None]:
    """The shards to read: those of the position, or what continues them."""
    shards: dict[Shard, str | None] = {}
    waiting, seen = dict(start), set[Shard]()
    while waiting:
        shard, number = waiting.popitem()
        if shard in seen:
            raise ValueError(f"the shard {shard} continues itself")
        seen.add(shard)
        item = by_key.get(_shard(generation, shard))
        if item is not None and "children" in item:
            waiting |= {_text(child): None for child in item["children"] if child not in seen}
        else:
            shards[shard] = number if item is None else _text(item["after"])
    return shards


def _item(journal: str, sort_key: str, **facts: Any) -> Item:
    return {"pk": journal, "sk": sort_key, **facts}


def _shard(generation: int, shard: Shard) -> str:
    return f"shard#{generation:06}#{shard}"


def _quarantine(key: bytes) -> str:
    return f"quarantine#{hashlib.blake2b(key, digest_size=16).hexdigest()}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _number(value: Any) -> str | None:
    return None if value is None else _text(value)
