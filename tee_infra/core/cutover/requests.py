"""What the tasks of a migration yield, and what they are sent back.

One thread drives all tasks of a run, so they share state without locks; the requests of different tasks overlap.
Every request to AWS has one type of answer, or `Throttled` (nothing happened) or `TimedOut` (a write may still land,
until the in-flight bound has elapsed since it was sent). The driver raises for everything else, which ends the run.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from tee_infra.core.codec.raw_items import RawItem

if TYPE_CHECKING:
    from tee_infra.core.cutover.journal import Entry

Key: TypeAlias = bytes
"""The key of an item in one spelling, which `canonical_key` gives; the driver spells stream records' keys with it."""
Shard: TypeAlias = str

RETRY_SECONDS: Final = 0.1
LONGEST_RETRY_SECONDS: Final = 5.0


class Side(StrEnum):
    """The two tables."""

    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Where the source's stream ends now: `Position`. An earlier position is as correct, and costs time."""


@dataclass(frozen=True, slots=True)
class ReadChildren:
    """The children of a closed shard: `Children`. Asked again while there are none: they appear some time later."""

    shard: Shard


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """The records of a shard after a sequence number, or from its oldest one (TRIM_HORIZON): `Records`."""

    shard: Shard
    after: str | None


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A page of a segment, strongly consistent, without sentinels; `after` is empty at the start: `Page`."""

    side: Side
    segment: int
    segments: int
    after: bytes


@dataclass(frozen=True, slots=True)
class GetItems:
    """At most 25 items, strongly consistent: `Items`."""

    side: Side
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class WriteItems:
    """At most 25 puts and deletes of different keys in the target: `Written`."""

    puts: tuple[RawItem, ...]
    deletes: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteSentinel:
    """An item with a random key in the source, which the driver deletes later: `Done`."""

    token: str


@dataclass(frozen=True, slots=True)
class WriteJournal:
    """An entry of the journal: `Done`. The driver writes it on the condition that the run has its lock.

    So an entry of an earlier run never lands after a later run has read the journal.
    """

    entry: "Entry"


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing for some seconds: `Done`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Nothing until `ready()`, which the driver asks after each step of any task of the run: `Done`."""

    ready: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Start:
    """Another task of the run, beside this one: `Done`."""

    task: "Task[None]"


@dataclass(frozen=True, slots=True)
class Position:
    """At least one shard, and for each the last sequence number that is not needed; None is its oldest record.

    The open shards, each from its oldest record, are a position too: what closed shards have is older.
    """

    shards: dict[Shard, str | None]

    def __post_init__(self) -> None:
        if not self.shards:
            raise ValueError("a stream has at least one open shard")


@dataclass(frozen=True, slots=True)
class Children:
    """Shards that continue a closed one."""

    shards: tuple[Shard, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A stream record: its key, or the token of a sentinel."""

    key: Key
    sentinel: str | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """Changes in any order and repeated as may be, and the sequence number up to which they are complete.

    `closed` tells that nothing follows. `trimmed` tells that records after the asked number may be gone. TRIM_HORIZON
    leaves trimmed records out without an error, so the driver compares the first number with that of the shard's start.
    """

    changes: tuple[Change, ...] = ()
    after: str | None = None
    closed: bool = False
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Items of a scan; `after` is empty for the last page."""

    items: tuple[RawItem, ...]
    after: bytes


@dataclass(frozen=True, slots=True)
class Items:
    """The items that exist, by key."""

    found: dict[Key, RawItem]


@dataclass(frozen=True, slots=True)
class Written:
    """The keys that were not written (`UnprocessedItems`), and those that DynamoDB refuses, with a reason without a
    value of the item."""

    unprocessed: frozenset[Key]
    refused: Mapping[Key, str] = field(default_factory=dict[Key, str])


@dataclass(frozen=True, slots=True)
class Done:
    """It happened."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Nothing happened. `reason`: what AWS calls it, e.g. `ThrottlingException`; empty if it did not say."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer came: it happened, happens later, or never."""


AwsRequest: TypeAlias = (
    ReadPosition | ReadChildren | ReadRecords | ScanPage | GetItems | WriteItems | WriteSentinel | WriteJournal
)
Request: TypeAlias = AwsRequest | Wait | Until | Start
Answer: TypeAlias = Position | Children | Records | Page | Items | Written | Done | Throttled | TimedOut
_Result = TypeVar("_Result")
Task: TypeAlias = Generator[Request, Answer, _Result]

_Wanted = TypeVar("_Wanted", Position, Children, Records, Page, Items, Written, Done)


def ask(request: AwsRequest, wanted: type[_Wanted]) -> Task[_Wanted]:
    """The answer to a request that may be repeated, after as many attempts as it takes."""
    failures = 0
    while True:
        answer = yield request
        if isinstance(answer, wanted):
            return answer
        if not isinstance(answer, Throttled | TimedOut):
            raise TypeError(f"{type(request).__name__} was answered with {type(answer).__name__}")
        yield Wait(retry_delay(failures))
        failures += 1


def retry_delay(failures: int) -> float:
    """Seconds before the next attempt after `failures` earlier ones in a row."""
    return min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2 ** min(failures, 20))


def beside(tasks: Iterable[Task[None]], at_once: int) -> Task[None]:
    """Run tasks beside each other, at most `at_once`, and wait for all of them."""
    left, ended = iter(tasks), list[int]()

    def work(number: int) -> Task[None]:
        for task in left:
            yield from task
        ended.append(number)

    for number in range(at_once):
        yield Start(work(number))
    yield Until(lambda: len(ended) == at_once)
