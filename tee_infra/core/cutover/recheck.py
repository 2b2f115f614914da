"""One key, compared while it may be written: equal, different, or not to be told now."""

from enum import StrEnum
from typing import Final, NamedTuple

from tee_infra.core.codec.digest import canonical
from tee_infra.core.codec.expiry import is_expired
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.requests import GetItems, Items, Key, Side, Task, ask
from tee_infra.core.cutover.run import Refusal, Run, target_item

ATTEMPTS: Final = 10


class KeyVerdict(StrEnum):
    """`unsettled`: it was written during each attempt. `quarantined`: the target cannot have it."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNSETTLED = "unsettled"
    QUARANTINED = "quarantined"


class _Observed(NamedTuple):
    """Canonical items, None for an absent one; `stable` if the source had the same before and after."""

    source: bytes | None
    expected: bytes | None
    target: bytes | None
    stable: bool


def recheck(run: Run, key: Key, now: float) -> Task[KeyVerdict]:
    """Read source, target, source; what differs is read again behind a heartbeat.

    Different is only what differs twice with the same source, with a heartbeat and no copy of the key between: a
    source that moves away and back is copied meanwhile. What has expired at `now` counts as absent.
    Raises as `pass_heartbeat` does.
    """
    earlier: _Observed | None = None
    with run.lanes.watch(key) as watch:
        for _ in range(ATTEMPTS):
            observed = (yield from _observe(run, (key,), now))[key]
            if isinstance(observed, Refusal):
                return KeyVerdict.QUARANTINED
            if _verdict(observed) is not None:
                return KeyVerdict.EQUAL
            if earlier is not None and _unmoved(earlier, observed) and not watch.copies and not run.lanes.holds(key):
                return KeyVerdict.DIFFERENT
            earlier = observed if not run.lanes.holds(key) else None
            watch.copies = 0
            yield from pass_heartbeat(run)
    return KeyVerdict.UNSETTLED


def first_look(run: Run, keys: tuple[Key, ...], now: float) -> Task[dict[Key, KeyVerdict]]:
    """The verdicts on at most 25 keys that one look gives: equal, or in quarantine. The others need `recheck`."""
    observed = yield from _observe(run, keys, now)
    return {key: verdict for key in keys if (verdict := _verdict(observed[key])) is not None}


def _verdict(observed: "_Observed | Refusal") -> KeyVerdict | None:
    if isinstance(observed, Refusal):
        return KeyVerdict.QUARANTINED
    return KeyVerdict.EQUAL if observed.stable and observed.expected == observed.target else None


def _unmoved(earlier: _Observed, later: _Observed) -> bool:
    return earlier.stable and later.stable and earlier.source == later.source


def _observe(run: Run, keys: tuple[Key, ...], now: float) -> Task[dict[Key, _Observed | Refusal]]:
    read: list[dict[Key, RawItem]] = []
    for side in (Side.SOURCE, Side.TARGET, Side.SOURCE):
        answer = yield from ask(GetItems(side, keys), Items)
        read.append(
            {key: item for key, item in answer.found.items() if not is_expired(item, run.plan.ttl_attribute, now)}
        )
    before, target, source = read
    return {key: _observed(run, key, before.get(key), target.get(key), source.get(key)) for key in keys}


def _observed(
    run: Run, key: Key, before: RawItem | None, target: RawItem | None, source: RawItem | None
) -> _Observed | Refusal:
    expected = None if source is None else target_item(run.plan, key, source)
    if isinstance(expected, Refusal):
        return expected
    before_text, source_text = (None if item is None else canonical(item) for item in (before, source))
    return _Observed(
        source_text,
        None if expected is None else canonical(expected),
        None if target is None else canonical(target),
        before_text == source_text,
    )
