"""Validation: a planted difference is found by its key, and what is only on its way is none."""

from collections.abc import Callable
from typing import Any

import pytest

from tee_infra.core.cutover import validation
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.recheck import ATTEMPTS, KeyVerdict, recheck
from tee_infra.core.cutover.requests import Done, GetItems, Items, Side, Task
from tee_infra.core.cutover.validation import Comparison, repair, validate, validate_keys
from tee_infra.errors import RefusedError
from tests.support.cutover_following import Following
from tests.support.cutover_world import make_item, make_key, transform

NOW = 1_800_000_000.0
KEYS = [make_key(number) for number in range(12)]
ITEMS = {key: make_item(key, 1) for key in KEYS}

PLANTED: dict[str, Callable[[Following], object]] = {
    "missing": lambda following: following.target.pop(KEYS[3]),
    "changed": lambda following: following.target.update({KEYS[3]: make_item(KEYS[3], 9)}),
    "more": lambda following: following.source.pop(KEYS[3]),
    "older": lambda following: following.source.update({KEYS[3]: make_item(KEYS[3], 2)}),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_difference_is_found_and_repaired_through_the_lane(planted: str) -> None:
    following = Following(ITEMS)
    PLANTED[planted](following)
    found = following.finish(validate(following.run, NOW))
    assert found.different == (KEYS[3],)
    assert following.finish(validate_keys(following.run, KEYS[2:4], NOW)).different == (KEYS[3],)
    following.finish(repair(following.run, found.different))
    assert following.finish(validate(following.run, NOW)).clean
    assert following.target.get(KEYS[3]) == (transform(item) if (item := following.source.get(KEYS[3])) else None)


def test_equal_tables_are_clean_whatever_the_spelling() -> None:
    following = Following(ITEMS)
    following.target[KEYS[0]] = b'{"w": {"N":"1.0"}, "v":{"N":"1"}, "pk":{"S":"0"}}'
    assert following.finish(validate(following.run, NOW)) == Comparison(len(ITEMS))


def expiring(key: bytes, seconds: float) -> bytes:
    return key[:-1] + b',"ttl":{"N":"%d"}}' % seconds


@pytest.mark.parametrize(
    ("source", "target", "differs"),
    [
        (NOW - 1, None, False),
        (None, NOW - 1, False),
        (NOW - 1, NOW - 2, False),
        (NOW + 9, None, True),
        (None, NOW + 9, True),
        (NOW + 9, NOW - 1, True),
    ],
)
def test_an_expired_item_counts_as_absent(source: float | None, target: float | None, differs: bool) -> None:
    following, key = Following(ITEMS, bytes, ttl_attribute="ttl"), make_key(99)
    for table, seconds in ((following.source, source), (following.target, target)):
        if seconds is not None:
            table[key] = expiring(key, seconds)
    assert following.finish(validate(following.run, NOW)).different == ((key,) if differs else ())
    assert following.finish(validate_keys(following.run, [key], NOW)).clean is not differs


def test_more_buckets_than_fit_at_once_are_all_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "BUCKETS_AT_ONCE", 4)
    items = {key: make_item(key, 1) for key in map(make_key, range(9))}
    following = Following(items)
    following.target.clear()
    assert sorted(following.finish(validate(following.run, NOW)).different) == sorted(items)


def test_an_item_in_quarantine_is_not_clean_until_it_is_gone() -> None:
    following = Following({**ITEMS, KEYS[1]: make_item(KEYS[1], 1, refused=True)})
    assert following.finish(validate(following.run, NOW)) == Comparison(len(ITEMS) - 1, quarantined=(KEYS[1],))
    following.world.write(KEYS[1], None)
    following.finish(pass_heartbeat(following.run))
    assert following.finish(validate(following.run, NOW)).clean


def test_keys_dirtied_since_a_validation_are_known() -> None:
    following = Following(ITEMS)
    following.finish(validate(following.run, NOW))
    assert following.run.dirtied == set()
    following.world.write(KEYS[5], make_item(KEYS[5], 2))
    following.finish(pass_heartbeat(following.run))
    assert following.run.dirtied == {KEYS[5]}


@pytest.mark.parametrize(("copied", "verdict"), [(True, KeyVerdict.UNSETTLED), (False, KeyVerdict.DIFFERENT)])
def test_a_key_that_is_copied_between_the_readings_is_not_told_different(copied: bool, verdict: KeyVerdict) -> None:
    """Its source moves away and back, so that each reading sees the same source beside another target."""
    following, reads = Following(ITEMS), 0
    lanes = following.run.lanes

    def answer(request: object) -> object:
        nonlocal reads
        if isinstance(request, GetItems):
            reads += 1
            return Items({KEYS[0]: ITEMS[KEYS[0]] if request.side is Side.SOURCE else make_item(KEYS[0], 7)})
        if copied:
            lanes.add([KEYS[0]])
            lane = next(lane for lane in range(2) if lanes.waits(lane))
            lanes.take(lane, 1)
            lanes.settle(lane, frozenset())
        for heartbeat in following.run.heartbeats:
            heartbeat.passed |= following.run.reading
        return Done()

    assert outcome(recheck(following.run, KEYS[0], NOW), answer) is verdict
    assert reads == 3 * (ATTEMPTS if copied else 2)


def outcome(task: Task[KeyVerdict], answer: Callable[[object], object]) -> KeyVerdict:
    reply: Any = None
    while True:
        try:
            reply = answer(task.send(reply))
        except StopIteration as ended:
            return ended.value


def test_a_stopped_run_passes_no_heartbeat_and_ends_its_tasks() -> None:
    following = Following(ITEMS)
    assert following.stop() == 0
    with pytest.raises(RefusedError, match="The source is unchanged"):
        following.finish(pass_heartbeat(following.run))
