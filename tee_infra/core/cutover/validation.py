"""Whether the target has what the source has, while both are written.

Digests of 4,096 buckets of keys show where the tables differ, most often because a write was on its way. The items of
these buckets are read again, key by key, and each key that still differs is decided by `recheck`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tee_infra.core.codec.digest import Buckets, bucket_of, canonical_and_key, digest
from tee_infra.core.codec.expiry import is_expired
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.recheck import KeyVerdict, first_look, recheck
from tee_infra.core.cutover.requests import Key, Page, ScanPage, Side, Start, Task, Until, ask, beside
from tee_infra.core.cutover.run import Refusal, Run, canonical_key, target_item

BUCKETS_AT_ONCE: Final = 64
"""Bounds the keys in memory: a 64th of the table for each side."""
MOST_DIFFERENT: Final = 1000
LOOK_ITEMS: Final = 25
AT_ONCE: Final = 16
"""Bounds the requests beside each other: before a flip the app waits for them."""

_Add: TypeAlias = Callable[[list[RawItem]], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`items` of the source were compared. `different` has at most about `MOST_DIFFERENT` keys: there may be more.

    `broken` items of the target name an item of another table that is missing there.
    """

    items: int
    different: tuple[Key, ...] = ()
    unsettled: tuple[Key, ...] = ()
    quarantined: tuple[Key, ...] = ()
    broken: int = 0

    @property
    def clean(self) -> bool:
        """Whether the target may take the source's place."""
        return not (self.different or self.unsettled or self.quarantined or self.broken)


def validate(run: Run, now: float) -> Task[Comparison]:
    """Compare the tables. `run.dirtied` then has the keys to compare once more before a switch.

    `now` is in seconds since 1970: an item that TTL may have deleted by then counts as absent on both sides.
    Raises as `pass_heartbeat` does.
    """
    run.dirtied.clear()
    buckets = {side: Buckets() for side in Side}
    for side in Side:
        yield from _scan(run, side, now, lambda items, side=side: buckets[side].add(items, run.plan.key_names))
    differing = sorted(buckets[Side.SOURCE].differing(buckets[Side.TARGET]))
    suspects: set[Key] = set(run.progress.quarantine)
    verdicts: dict[Key, KeyVerdict] = {}
    for start in range(0, max(1, len(differing)), BUCKETS_AT_ONCE):
        suspects |= yield from _drill_down(run, frozenset(differing[start : start + BUCKETS_AT_ONCE]), now)
        verdicts |= yield from _recheck_all(run, suspects - verdicts.keys(), now)
        if sum(verdict is KeyVerdict.DIFFERENT for verdict in verdicts.values()) >= MOST_DIFFERENT:
            break
    return _comparison(buckets[Side.SOURCE].count, verdicts)


def validate_keys(run: Run, keys: Iterable[Key], now: float) -> Task[Comparison]:
    """Compare some keys only. Raises as `pass_heartbeat` does."""
    verdicts = yield from _recheck_all(run, set(keys), now)
    return _comparison(len(verdicts), verdicts)


def repair(run: Run, keys: Iterable[Key]) -> Task[None]:
    """Copy keys once more, through their lanes only: a second writer could undo the lane's last write."""
    ticket = run.lanes.add(keys)
    yield Until(lambda: ticket.done)


def _drill_down(run: Run, differing: frozenset[int], now: float) -> Task[set[Key]]:
    found: dict[Side, dict[Key, int]] = {side: {} for side in Side}

    def add(side: Side, items: list[RawItem]) -> None:
        for item in items:
            text, bucket_key = canonical_and_key(item, run.plan.key_names)
            if bucket_of(bucket_key) in differing:
                found[side][canonical_key(item, run.plan.key_names)] = digest(text)

    if differing:
        for side in Side:
            yield from _scan(run, side, now, lambda items, side=side: add(side, items))
    source, target = found[Side.SOURCE], found[Side.TARGET]
    return {key for key in source.keys() | target.keys() if source.get(key) != target.get(key)}


def _scan(run: Run, side: Side, now: float, add: _Add) -> Task[None]:
    """Pass the items of a side to `add`, the source's as the target has them, without those that it cannot have."""
    ended: list[int] = []

    def scan_segment(segment: int) -> Task[None]:
        after: bytes | None = None
        while after != b"":
            page = yield from ask(ScanPage(side, segment, run.progress.segments, after or b""), Page)
            items = [item for item in page.items if not is_expired(item, run.plan.ttl_attribute, now)]
            add(items if side is Side.TARGET else _transformed(run, items))
            after = page.after
        ended.append(segment)

    for segment in range(run.progress.segments):
        yield Start(scan_segment(segment))
    yield Until(lambda: len(ended) == run.progress.segments)


def _transformed(run: Run, items: Iterable[RawItem]) -> list[RawItem]:
    results = (target_item(run.plan, canonical_key(item, run.plan.key_names), item) for item in items)
    return [result for result in results if not isinstance(result, Refusal)]


def _recheck_all(run: Run, keys: set[Key], now: float) -> Task[dict[Key, KeyVerdict]]:
    """One look at all of them, in batches; most are equal by now. Then one by one."""
    verdicts: dict[Key, KeyVerdict] = {}
    waiting = sorted(keys)

    def look(batch: tuple[Key, ...]) -> Task[None]:
        verdicts.update((yield from first_look(run, batch, now)))

    def decide(key: Key) -> Task[None]:
        verdicts[key] = yield from recheck(run, key, now)

    batches = [tuple(waiting[start : start + LOOK_ITEMS]) for start in range(0, len(waiting), LOOK_ITEMS)]
    yield from beside((look(batch) for batch in batches), min(AT_ONCE, len(batches)))
    left = [key for key in waiting if key not in verdicts]
    yield from beside((decide(key) for key in left), min(AT_ONCE, len(left)))
    return verdicts


def _comparison(items: int, verdicts: dict[Key, KeyVerdict]) -> Comparison:
    def of(wanted: KeyVerdict) -> tuple[Key, ...]:
        return tuple(key for key, verdict in verdicts.items() if verdict is wanted)

    return Comparison(items, of(KeyVerdict.DIFFERENT), of(KeyVerdict.UNSETTLED), of(KeyVerdict.QUARANTINED))
