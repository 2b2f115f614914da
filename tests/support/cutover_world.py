"""Two tables and a stream in virtual time: shards that split, close and trim, deliveries repeated and out of order."""

from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random

from tee_infra.core.cutover.journal import Entry
from tee_infra.core.cutover.requests import Change, Children, Done, Items, Key, Page, Position, Records, ScanPage, Side
from tee_infra.core.cutover.run import ItemRefusedError, canonical_key

KEY_NAMES = ("pk",)
RANGES = 8
PAGE_ITEMS = 2
PAGE_RECORDS = 4
LATEST, OLDEST_KEPT = "latest", "oldest kept"
"""Ways to read a shard that the protocol does not use; see `cutover_broken`. The second is TRIM_HORIZON as AWS has
it: trimmed records are left out without an error."""


def make_key(number: int) -> Key:
    return b'{"pk":{"S":"%d"}}' % number


def make_item(key: Key, version: int, *, refused: bool = False) -> bytes:
    return key[:-1] + (b',"refused":{"BOOL":true}' if refused else b"") + b',"v":{"N":"%d"}}' % version


def is_refused(item: bytes) -> bool:
    return b'"refused"' in item


def transform(item: bytes) -> bytes:
    """Pure, keeps the key, refuses some items."""
    if is_refused(item):
        raise ItemRefusedError("refused")
    return bytes(item)[:-1] + b',"w":{"N":"1"}}'


@dataclass(frozen=True)
class Record:
    number: int
    visible: float
    change: Change
    image: bytes | None


def _number(record: Record) -> int:
    return record.number


@dataclass
class Shard:
    """`ranges` are the parts of the keys that it has, `trimmed` the number up to which records are gone.

    `records` are in the order in which they are written, and become visible.
    """

    ranges: tuple[int, ...]
    records: list[Record] = field(default_factory=list)
    children: tuple[str, ...] = ()
    children_visible: float = 0.0
    trimmed: int = 0

    @property
    def tip(self) -> str | None:
        return str(self.records[-1].number) if self.records else None


@dataclass
class Time:
    """Virtual seconds."""

    now: float = 0.0


class World:
    """What AWS has: it outlives every operator. `delay` is the stream's longest, in seconds.

    `back`: the same two tables with the target's stream, which notes what is written to the target.
    """

    def __init__(self, random: Random, time: Time | None = None) -> None:
        self.random, self.time = random, time or Time()
        self.back: World | None = None
        self.delay = 0.01
        self.page_records = PAGE_RECORDS
        self.tables: dict[Side, dict[Key, bytes]] = {side: {} for side in Side}
        self.shards = {"s0": Shard(tuple(range(RANGES)))}
        self.journal: list[Entry] = []
        self.images: dict[Key, bytes | None] = {}
        self._number = 0

    @property
    def now(self) -> float:
        return self.time.now

    def link(self) -> "World":
        """The way back: source and target are exchanged."""
        self.back = World(self.random, self.time)
        self.back.back = self
        self.back.tables = {Side.SOURCE: self.tables[Side.TARGET], Side.TARGET: self.tables[Side.SOURCE]}
        return self.back

    def replicate(self, key: Key, item: bytes | None) -> None:
        """A write of a replication to the target."""
        if self.back is not None:
            self.back.write(key, item)
        else:
            put(self.tables[Side.TARGET], key, item)

    def write(self, key: Key, item: bytes | None) -> None:
        """A write of the application; without a record if it changes nothing."""
        source = self.tables[Side.SOURCE]
        if source.get(key) == item:
            return
        put(source, key, item)
        owner = hash_range(key)
        self._append(next(shard for shard in self._open() if owner in shard.ranges), Change(key), item)

    def write_sentinel(self, token: str) -> Done:
        self._append(self.random.choice(self._open()), Change(b"", token), None)
        return Done()

    def write_journal(self, entry: Entry) -> Done:
        self.journal.append(entry)
        return Done()

    def split(self) -> None:
        """Close a shard: two halves continue it, or one shard if it has a single range."""
        shard = self.random.choice(self._open())
        half = self.random.randrange(len(shard.ranges))
        parts = [part for part in (shard.ranges[:half], shard.ranges[half:]) if part]
        shard.children = tuple(f"s{len(self.shards) + place}" for place in range(len(parts)))
        shard.children_visible = self.now + self.random.uniform(0, 0.5)
        self.shards |= {child: Shard(part) for child, part in zip(shard.children, parts, strict=True)}

    def trim(self) -> None:
        """Lose the oldest records of every shard, as after 24 hours."""
        for shard in self.shards.values():
            if shard.records and self.random.random() < 0.8:
                shard.trimmed = self.random.choice(shard.records[-2:]).number

    def position(self) -> Position:
        return Position({name: shard.tip for name, shard in self.shards.items() if not shard.children})

    def children(self, name: str) -> Children:
        shard = self.shards[name]
        return Children(shard.children if shard.children_visible <= self.now else ())

    def records(self, name: str, after: str | None) -> Records:
        """Sometimes an empty page though there is more, sometimes records that were delivered before."""
        shard = self.shards[name]
        if after in {LATEST, OLDEST_KEPT}:
            number = shard.trimmed if after == OLDEST_KEPT else int(shard.tip or 0)
        else:
            number = int(after or 0)
        if number < shard.trimmed:
            return Records(trimmed=True)
        reached = bisect_right(shard.records, number, key=_number)
        ahead = shard.records[reached:]
        page = [record for record in ahead[: self.random.randint(0, self.page_records)] if record.visible <= self.now]
        earlier = shard.records[bisect_right(shard.records, shard.trimmed, key=_number) : reached]
        again = self.random.sample(earlier, min(len(earlier), self.random.choice((0, 0, 1, 2))))
        delivered = [*page, *again]
        self.random.shuffle(delivered)
        self.images |= {record.change.key: record.image for record in delivered}
        last = str(page[-1].number) if page else str(number) if number else None
        return Records(
            tuple(record.change for record in delivered),
            last,
            closed=bool(shard.children) and len(page) == len(ahead),
        )

    def scan(self, request: ScanPage) -> Page:
        items = self.tables[request.side]
        keys = sorted(
            key for key in items if int(key[12:-3]) % request.segments == request.segment and key > request.after
        )
        page = keys[:PAGE_ITEMS]
        return Page(tuple(items[key] for key in page), page[-1] if len(keys) > PAGE_ITEMS else b"")

    def get(self, side: Side, keys: tuple[Key, ...]) -> Items:
        items = self.tables[side]
        return Items({key: items[key] for key in keys if key in items})

    def get_images(self, keys: tuple[Key, ...]) -> Items:
        """The values of the latest deliveries; see `cutover_broken`."""
        images = {key: self.images.get(key, self.tables[Side.SOURCE].get(key)) for key in keys}
        return Items({key: image for key, image in images.items() if image is not None})

    def _append(self, shard: Shard, change: Change, image: bytes | None) -> None:
        self._number += 1
        earliest = shard.records[-1].visible if shard.records else 0.0
        visible = max(earliest, self.now + self.random.uniform(0, self.delay))
        shard.records.append(Record(self._number, visible, change, image))

    def _open(self) -> list[Shard]:
        return [shard for shard in self.shards.values() if not shard.children]


def put(table: dict[Key, bytes], key: Key, item: bytes | None) -> None:
    """Set or delete."""
    if item is None:
        table.pop(key, None)
    else:
        table[key] = item


def hash_range(key: Key) -> int:
    return int(key[12:-3]) % RANGES


def key_of_item(item: bytes) -> Key:
    return canonical_key(item, KEY_NAMES)
