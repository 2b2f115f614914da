"""What the tasks of one run share: its plan, its progress, its lanes and the heartbeats that wait for the tail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tee_infra.core.codec.digest import NotAnItemError, canonical
from tee_infra.core.codec.item_size import excess
from tee_infra.core.codec.raw_items import RawItem, key_of
from tee_infra.core.cutover.journal import Entry, Progress, Quarantined, Released, after
from tee_infra.core.cutover.lanes import Lanes
from tee_infra.core.cutover.requests import Done, Key, Shard, Task, TimedOut, Wait, WriteJournal, retry_delay
from tee_infra.errors import RefusedError

WRITE_ITEMS: Final = 25
"""The service takes so many in one BatchWriteItem."""


MOST_QUARANTINED: Final = 1000
"""More are the transform's fault rather than the items'."""


MOST_DIRTIED: Final = 200_000
"""Keys that a comparison before a switch may be about; beyond it the tables are compared as a whole again."""


class ItemRefusedError(ValueError):
    """A transform's refusal of an item. The message goes to the journal: it has no value of the item."""


class Refusal(NamedTuple):
    """Why the target cannot have an item, without a value of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`in_flight_seconds` is the longest time after which a write may land that was sent and had no answer.

    `transform` is pure and keeps the item's key; it may raise `ItemRefusedError`. `name` is unique to the run.
    `ttl_attribute` is that of both tables.
    """

    name: str
    key_names: Sequence[str]
    transform: Callable[[RawItem], RawItem]
    segments: int
    lanes: int
    in_flight_seconds: float
    poll_seconds: float = 0.2
    ttl_attribute: str | None = None


@dataclass(eq=False, slots=True)
class Heartbeat:
    """`tokens` are its sentinels, `passed` the shards whose reader has left one of them behind."""

    tokens: set[str] = field(default_factory=set)
    passed: set[Shard] = field(default_factory=set)


@dataclass(slots=True)
class Run:
    """`stopping` asks the tail to end after the pages that it has. `reading` are the shards with a reader.

    `sweeping` counts the tasks that copy keys without an event, `copying` those of the bulk copy.
    `trimmed` tells that the stream has lost records, until a new position is taken. `dirtied` has the keys that came
    through the lanes since it was last emptied, and is `incomplete` once they are too many.
    """

    plan: Plan
    progress: Progress
    lanes: Lanes = field(init=False)
    stopping: bool = False
    trimmed: bool = False
    reading: set[Shard] = field(default_factory=set)
    sweeping: int = 0
    copying: int = 0
    beats: int = 0
    heartbeats: list[Heartbeat] = field(default_factory=list)
    dirtied: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.plan.lanes)

    @property
    def following(self) -> bool:
        """Whether the target follows the source by the stream only: nothing is left to copy or to sweep."""
        return bool(self.reading) and not self.sweeping and not self.trimmed

    def dirty(self, keys: Sequence[Key]) -> None:
        """Note that keys are being copied."""
        if not self.incomplete:
            self.dirtied.update(keys)

    @property
    def incomplete(self) -> bool:
        """Whether other keys than `dirtied` may have been copied too."""
        return len(self.dirtied) > MOST_DIRTIED

    @property
    def ended(self) -> bool:
        """Whether nothing will come to the lanes any more."""
        return self.stopping and not self.reading and not self.sweeping


def journal(run: Run, entry: Entry) -> Task[None]:
    """Write an entry, then go by it.

    One without an answer may land late, over entries that follow: the task waits, then writes it again.
    """
    failures = 0
    while not isinstance(answer := (yield WriteJournal(entry)), Done):
        if isinstance(answer, TimedOut):
            yield from settle_unanswered(run)
        yield Wait(retry_delay(failures))
        failures += 1
    run.progress = after(run.progress, entry)


def settle_unanswered(run: Run) -> Task[None]:
    """Wait until a write that was sent has landed or never will."""
    yield Wait(run.plan.in_flight_seconds)


def canonical_key(item: RawItem, key_names: Sequence[str]) -> Key:
    """The one spelling of an item's key. Raises `NotAnItemError`, `KeyError` for an item without it."""
    return key_of(canonical(item), key_names)


def target_item(plan: Plan, key: Key, item: RawItem) -> RawItem | Refusal:
    """What the target has for the source's item."""
    try:
        result = plan.transform(item)
        same_key = canonical_key(result, plan.key_names) == key
    except ItemRefusedError as error:
        return Refusal(str(error))
    except (NotAnItemError, KeyError):
        return Refusal("the transform's result has no key")
    if not same_key:
        return Refusal("the transform changed the key")
    too_large = excess(result)
    return result if too_large is None else Refusal(too_large)


def transformed(run: Run, key: Key, item: RawItem) -> Task[RawItem | None]:
    """The target's item, or None when it cannot have it; the journal has the quarantine before the lane continues.

    Raises `RefusedError` when there are too many of these.
    """
    result = target_item(run.plan, key, item)
    if not isinstance(result, Refusal):
        return result
    yield from quarantine(run, key, result.reason)
    return None


def quarantine(run: Run, key: Key, reason: str) -> Task[None]:
    """Note that the target cannot have the item. Raises `RefusedError` when there are too many of these."""
    if run.progress.quarantine.get(key) == reason:
        return
    if len(run.progress.quarantine) >= MOST_QUARANTINED:
        raise RefusedError(
            f"replication: the target cannot have more than {MOST_QUARANTINED:,} items, the last because of: {reason}. "
            "The source is unchanged, the target incomplete",
            next="Correct the transform or the items, then run the same command again: it resumes",
        )
    yield from journal(run, Quarantined(key, reason))


def release(run: Run, keys: Sequence[Key]) -> Task[None]:
    """Take keys that were written out of quarantine."""
    for key in keys:
        if key in run.progress.quarantine:
            yield from journal(run, Released(key))
