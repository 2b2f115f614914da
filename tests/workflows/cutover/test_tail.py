"""The tail follows the open slot: from where a migration has left it, after a kill too, and as it is ordered."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.cutover import migrate, tail
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.orders import give_orders
from tee_infra.workflows.cutover.replication import lock_name
from tee_infra.workflows.cutover.status import present_lags, read_status
from tee_infra.workflows.cutover.tail import Tail, TailState
from tests.support.cutover_live import end_of, running_tail
from tests.support.cutover_migrating import Slots, key
from tests.support.homes import Moto

PROD = parse_environment("prod")


@pytest.fixture
def slots(dynamodb: DynamoDb, monkeypatch: pytest.MonkeyPatch) -> Slots:
    monkeypatch.setattr(migrate, "_TICK_SECONDS", 0.05)
    monkeypatch.setattr(tail, "_SAY_SECONDS", 0.1)
    made = Slots(dynamodb)
    made.fill(20)
    return made


def caught_up(slots: Slots) -> TailState:
    return Tail(context(slots), lambda _: None).run(until_caught_up=True, sleep=lambda _: time.sleep(0.05))


def context(slots: Slots) -> CutoverContext:
    return CutoverContext.connect("prod", Moto(endpoint=slots.dynamodb.endpoint), lambda _: None)


@contextmanager
def running(slots: Slots) -> Iterator[Callable[[Callable[[TailState], bool]], None]]:
    """A tail during the block, and how to wait for a state of it."""
    with running_tail(context(slots)) as states:
        yield lambda until: end_of(states, until, 20)


def test_it_follows_from_where_the_migration_has_left_it_and_again_after_each_stop(slots: Slots) -> None:
    waiting = caught_up(slots)
    assert (waiting.following, waiting.caught_up) == (False, False)
    assert "nothing was copied yet" in waiting.waits
    slots.migrate()
    with slots.written(), running(slots) as wait:
        wait(lambda state: state.following and state.lag_seconds is not None)
        time.sleep(0.3)
        (status,) = read_status(slots.control, PROD)
        assert (status.source, status.target, status.state) == ("prod", "prod-v2", "running")
        assert present_lags(slots.control, PROD).keys() == {("prod", "prod-v2")}
    assert present_lags(slots.control, PROD) == {}
    assert [each.state for each in read_status(slots.control, PROD)] == ["stopped"]
    last = caught_up(slots)
    assert (last.source, last.target, last.caught_up, last.waits) == ("prod", "prod-v2", True, "")
    assert slots.differing() == {}


def test_it_waits_while_another_process_replicates_and_obeys_orders(slots: Slots) -> None:
    slots.migrate()
    held = Locks(slots.control).acquire(lock_name("prod-v2"), "somebody", "a migration")
    with running(slots) as wait:
        wait(lambda state: "another process" in state.waits)
        Locks(slots.control).release(held)
        wait(lambda state: state.following)
        give_orders(slots.control, PROD, {"paused": True})
        time.sleep(0.5)
        slots.dynamodb.client.put_item(TableName="prod-tee-admin", Item=key("late"))
        time.sleep(0.3)
        assert slots.differing(sentinels=False) == {"tee-admin": {"latex"}}
        give_orders(slots.control, PROD, {"paused": False})
        due = time.monotonic() + 20
        while slots.differing(sentinels=False):
            assert time.monotonic() < due
