"""Rules of replication broken on purpose, each in one place, so that the simulator shows that it would notice."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

from tee_infra.core.cutover import copying, lanes, recheck, replication, requests, tail, validation
from tee_infra.core.cutover.journal import PositionTaken, ShardRead
from tee_infra.core.cutover.requests import Side, Until, Wait, ask
from tee_infra.core.cutover.run import journal
from tests.support import cutover_simulation
from tests.support.cutover_operator import ReadImages
from tests.support.cutover_world import LATEST, OLDEST_KEPT


class Break(NamedTuple):
    """A function or a value, and what stands in its place."""

    owner: ModuleType | type
    name: str
    replacement: Any


def no_wait(run):
    return
    yield


def read_images(keys):
    answer = yield from ask(ReadImages(keys), requests.Items)
    return answer.found


copy_all = replication.copy_all


def copy_all_then_take_position(run):
    yield from copy_all(run)
    position = yield from ask(requests.ReadPosition(), requests.Position)
    yield from journal(run, PositionTaken(position, ()))


def repair_past_the_lane(run, keys):
    yield from copying.copy_keys(run, tuple(keys))


def add_to_a_free_lane(self, keys):
    """A lane that copies the key already is not free."""
    ticket = lanes.Ticket()
    for key in dict.fromkeys(keys):
        ticket.open += 1
        free = [lane for lane, working in enumerate(self._working) if key not in working]
        self._waiting[(free or [0])[0]].setdefault(key, []).append(ticket)
    return ticket


def record_then_apply(run, shard, records):
    ticket = run.lanes.add(change.key for change in records.changes if change.sentinel is None)
    if records.after is not None:
        yield from journal(run, ShardRead(shard, records.after))
    for heartbeat in run.heartbeats:
        if any(change.sentinel in heartbeat.tokens for change in records.changes):
            heartbeat.passed.add(shard)
    yield Until(lambda: ticket.done)


def take_position_of_an_empty_target(run):
    position = yield from ask(requests.ReadPosition(), requests.Position)
    yield from journal(run, PositionTaken(position, ()))


def start_over_with(*sides: Side) -> Callable[..., Any]:
    def start_over(run):
        position = yield from ask(requests.ReadPosition(), requests.Position)
        yield from journal(run, PositionTaken(position, sides))
        run.trimmed = False

    return start_over


def read_from_the_tip(shard, after):
    return requests.ReadRecords(shard, after or LATEST)


def read_from_the_oldest_kept(shard, after):
    return requests.ReadRecords(shard, after or OLDEST_KEPT)


def wait_for_empty_pages(run):
    while not run.following:
        yield Wait(run.plan.poll_seconds)
    yield Wait(run.plan.poll_seconds)


BROKEN: dict[str, tuple[Break, ...]] = {
    "no barrier": (Break(replication, "barrier", no_wait),),
    "no read-through": (Break(copying, "read_source", read_images),),
    "position after the scan": (
        Break(replication, "take_first_position", no_wait),
        Break(replication, "copy_all", copy_all_then_take_position),
    ),
    "repair past the lane": (Break(validation, "repair", repair_past_the_lane),),
    "several lanes for one key": (Break(lanes.Lanes, "add", add_to_a_free_lane),),
    "no wait after a crash": (Break(replication, "outwait_earlier_run", no_wait),),
    "no wait after a lost write": (Break(copying, "settle_unanswered", no_wait),),
    "journal before the lane": (Break(tail, "apply_records", record_then_apply),),
    "target's own keys ignored": (Break(replication, "take_first_position", take_position_of_an_empty_target),),
    "lost records ignored": (Break(replication, "start_over", start_over_with()),),
    "lost records, source's keys only": (Break(replication, "start_over", start_over_with(Side.SOURCE)),),
    "shards from their tip": (Break(tail, "ReadRecords", read_from_the_tip),),
    "a child's lost records unnoticed": (Break(tail, "ReadRecords", read_from_the_oldest_kept),),
    "an empty page as proof": (
        Break(cutover_simulation, "pass_heartbeat", wait_for_empty_pages),
        Break(recheck, "pass_heartbeat", wait_for_empty_pages),
    ),
}


@contextmanager
def broken(places: Sequence[Break]) -> Iterator[None]:
    """Break a rule."""
    kept = [(place.owner, place.name, getattr(place.owner, place.name)) for place in places]
    for owner, name, replacement in places:
        setattr(owner, name, replacement)
    try:
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
