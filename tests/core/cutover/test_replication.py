"""Replication without faults: what reaches the target, and what goes to quarantine with which reason."""

from contextlib import suppress

import pytest

from tee_infra.core.codec.item_size import ITEM_BYTES
from tee_infra.core.cutover import run
from tee_infra.core.cutover.bulk_copy import copy_segment
from tee_infra.core.cutover.copying import copy_keys
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.journal import Released, resume
from tee_infra.core.cutover.requests import (
    Answer,
    Done,
    Items,
    Page,
    Position,
    ReadChildren,
    Records,
    Task,
    Throttled,
    TimedOut,
    Wait,
    WriteItems,
    WriteJournal,
    Written,
    ask,
)
from tee_infra.core.cutover.run import journal
from tee_infra.core.cutover.validation import Comparison, validate
from tee_infra.errors import RefusedError
from tests.support.cutover_following import Following
from tests.support.cutover_operator import IN_FLIGHT
from tests.support.cutover_world import KEY_NAMES, make_item, make_key, transform

NOW = 1_800_000_000.0
KEYS = [make_key(number) for number in range(9)]
ITEMS = {key: make_item(key, 1) for key in KEYS}


def padded(item: bytes) -> bytes:
    return bytes(item)[:-1] + b',"p":{"S":"' + b"x" * ITEM_BYTES + b'"}}'


def renamed(item: bytes) -> bytes:
    return bytes(item).replace(b'"pk":{"S":"', b'"pk":{"S":"new')


@pytest.mark.parametrize("number", [0, 1, 3])
def test_items_follow_through_splits(number: int) -> None:
    following = Following(ITEMS)
    for version in range(2, 2 + number):
        following.world.split()
        following.world.write(KEYS[version], make_item(KEYS[version], version))
        following.world.write(KEYS[0], None)
    following.finish(pass_heartbeat(following.run))
    assert following.target == {key: transform(item) for key, item in following.source.items()}
    assert following.finish(validate(following.run, NOW)).clean


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (padded, "maximum allowed size"),
        (renamed, "changed the key"),
        (lambda _: b'{"v":{"N":"1"}}', "has no key"),
        (lambda _: b"{", "has no key"),
    ],
)
def test_what_the_target_cannot_have_is_in_quarantine(change, reason: str) -> None:
    """Both in the bulk copy and in the tail; it is no difference to validation."""
    following = Following({KEYS[0]: ITEMS[KEYS[0]]}, change)
    following.world.write(KEYS[1], ITEMS[KEYS[1]])
    following.finish(pass_heartbeat(following.run))
    quarantine = following.run.progress.quarantine
    assert set(quarantine) == set(KEYS[:2])
    assert all(reason in why for why in quarantine.values())
    assert following.finish(validate(following.run, NOW)) == Comparison(0, quarantined=tuple(KEYS[:2]))
    assert following.target == {}


def test_a_refused_item_that_becomes_good_or_goes_leaves_quarantine() -> None:
    following = Following({key: make_item(key, 1, refused=True) for key in KEYS[:2]})
    assert set(following.run.progress.quarantine) == set(KEYS[:2])
    following.world.write(KEYS[0], ITEMS[KEYS[0]])
    following.world.write(KEYS[1], None)
    following.finish(pass_heartbeat(following.run))
    assert following.run.progress.quarantine == {}
    assert following.target == {KEYS[0]: transform(ITEMS[KEYS[0]])}


def test_a_transform_that_refuses_everything_ends_the_run(monkeypatch) -> None:
    monkeypatch.setattr(run, "MOST_QUARANTINED", 3)
    items = {key: make_item(key, 1, refused=True) for key in KEYS}
    assert set(Following({key: items[key] for key in KEYS[:3]}).run.progress.quarantine) == set(KEYS[:3])
    with pytest.raises(RefusedError, match="more than 3 items, the last because of: refused"):
        Following({key: items[key] for key in KEYS[:4]})


def test_lost_records_are_made_good_in_both_directions() -> None:
    """A write and two deletes without a record, one of an item in quarantine."""
    following = Following({**ITEMS, KEYS[2]: make_item(KEYS[2], 1, refused=True)})
    following.source[KEYS[0]] = make_item(KEYS[0], 5)
    del following.source[KEYS[1]], following.source[KEYS[2]]
    following.world.write(KEYS[3], None)
    shard = following.world.shards["s0"]
    shard.trimmed = shard.records[-1].number
    following.run.progress.shards["s0"] = "0"
    following.finish(pass_heartbeat(following.run))
    assert following.target == {key: transform(item) for key, item in following.source.items()}
    assert following.run.progress.quarantine == {}


def test_an_answer_of_another_kind_ends_the_run() -> None:
    task = ask(ReadChildren("s0"), Records)
    task.send(None)
    with pytest.raises(TypeError, match="ReadChildren was answered with Position"):
        task.send(Position({"s0": None}))


def test_a_stream_without_a_shard_is_no_position() -> None:
    with pytest.raises(ValueError, match="at least one open shard"):
        Position({})


@pytest.mark.parametrize(
    "answers", [(Done(),), (TimedOut(), Done()), (Throttled(), Done()), (TimedOut(), TimedOut(), Done())]
)
def test_an_entry_without_an_answer_cannot_land_behind_a_later_one(answers: tuple[Answer, ...]) -> None:
    """Late, it could take a shard or a sweep of an older position back into the journal."""
    following = Following(ITEMS)
    task = journal(following.run, Released(KEYS[0]))
    request = task.send(None)
    for place, answer in enumerate(answers):
        assert isinstance(request, WriteJournal)
        waited, ended = 0.0, False
        try:
            request = task.send(answer)
            while isinstance(request, Wait):
                waited += request.seconds
                request = task.send(Done())
        except StopIteration:
            ended = True
        assert waited >= (IN_FLIGHT if isinstance(answer, TimedOut) else 0)
        assert ended == (place == len(answers) - 1)


@pytest.mark.parametrize("bulk", [False, True])
def test_an_item_that_dynamodb_refuses_is_in_quarantine(bulk: bool) -> None:
    items = {key: ITEMS[key] for key in KEYS[:3]}
    replication = run.Run(run.Plan("run", KEY_NAMES, transform, 1, 1, IN_FLIGHT), resume(1, ()))
    reads: list[Answer] = [Page(tuple(items.values()), b"")] if bulk else [Items(items)]
    answers = iter([*reads, Written(frozenset(KEYS[1:2]), {KEYS[0]: "its index"}), Written(frozenset())])
    task: Task[object] = copy_segment(replication, 0) if bulk else copy_keys(replication, tuple(items))
    sent: list[int] = []
    with suppress(StopIteration):
        request = next(task)
        while True:
            if isinstance(request, WriteItems):
                sent.append(len(request.puts))
            own = isinstance(request, Wait | WriteJournal)
            request = task.send(Done() if own else next(answers))
    assert replication.progress.quarantine == {KEYS[0]: "its index"}
    assert sent == ([3, 1] if bulk else [3])
