"""A lock held while its environment is changed: renewed in the background, and its loss is heard of."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_locks import LOCKS, Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.core.lifecycle.lock import DURATION, HEARTBEAT, Lock, LockedError, LockLostError
from tee_infra.errors import RefusedError
from tee_infra.workflows.control import environment_lock
from tee_infra.workflows.control.environment_lock import LockHandle, held_locks, locked
from tests.support.control_client import ControlClient

NAME = "feature-x"
ANN, BOB = Actor(who="ann", where="laptop, process 1"), Actor(who="bob", where="desk, process 2")
UP = "tee-infra up"
BEAT = timedelta(milliseconds=5)
SECONDS = 10


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def locks(client: ControlClient) -> Locks:
    return Locks(client.control())


@contextmanager
def holding(locks: Locks, heartbeat: timedelta = BEAT) -> Generator[LockHandle]:
    held = LockHandle(locks, locks.acquire(NAME, ANN.describe(), UP), heartbeat=heartbeat)
    try:
        yield held
    finally:
        held.release()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(BEAT.total_seconds())


def lost(held: LockHandle) -> bool:
    try:
        held.check()
    except LockLostError:
        return True
    return False


def beats(locks: Locks) -> int:
    return locks.live()[NAME].beat


def take_over(locks: Locks, client: ControlClient) -> Lock:
    """As if the holder had slept: time passes, and bob comes, with no beat in between."""
    bobs = {"token": {"S": "bob's"}, "holder": {"S": BOB.describe()}, "counter": {"N": "2"}}
    client.items[LOCKS, NAME] = client.items[LOCKS, NAME] | bobs
    return locks.live()[NAME]


def test_only_one_is_in_and_the_next_follows(locks: Locks) -> None:
    with locked(locks, NAME, ANN, UP) as held:
        held.check()
        with pytest.raises(LockedError, match="ann on laptop"), locked(locks, NAME, BOB, UP):
            pytest.fail("both are in")
    with locked(locks, NAME, BOB, UP):
        assert locks.live()[NAME].holder == BOB.describe()


def test_it_is_given_back_also_after_an_error(locks: Locks) -> None:
    with pytest.raises(RefusedError), locked(locks, NAME, ANN, UP):
        raise RefusedError("no")
    assert locks.live() == {}


def test_it_is_renewed_in_the_background(locks: Locks, client: ControlClient) -> None:
    with holding(locks):
        client.sleep(DURATION / 2)
        until(lambda: beats(locks) >= 3)
        client.sleep(DURATION / 2)
        assert NAME in locks.live()
    assert locks.live() == {}


def test_a_renewal_that_is_refused_is_heard_of_and_gives_nothing_back(locks: Locks, client: ControlClient) -> None:
    before = set(threading.enumerate())
    with holding(locks) as held:
        (heartbeat,) = [thread for thread in set(threading.enumerate()) - before if thread.name == f"lock {NAME}"]
        successor = take_over(locks, client)
        until(lambda: not heartbeat.is_alive())
        client.down = True
        with pytest.raises(LockLostError, match=f"lost the lock on {NAME} .not renewed in time"):
            held.check()
        client.down = False
    assert locks.live() == {NAME: successor}


def test_aws_may_fail_for_a_while(locks: Locks, client: ControlClient) -> None:
    with holding(locks) as held:
        client.down = True
        time.sleep(5 * BEAT.total_seconds())
        with pytest.raises(AwsError):
            held.check()
        client.down = False
        before = beats(locks)
        until(lambda: beats(locks) > before)
        held.check()


def test_after_a_silence_it_is_asked_for_at_once(locks: Locks, client: ControlClient) -> None:
    """A machine that slept goes on in the middle of its work, before the next beat."""
    with holding(locks, heartbeat=timedelta(seconds=0.2)) as held:
        client.down = True
        time.sleep(0.5)
        client.down = False
        take_over(locks, client)
        assert lost(held)


def test_an_expired_lock_that_cannot_be_asked_for_is_lost(
    locks: Locks, client: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holding(locks, heartbeat=HEARTBEAT) as held:
        client.down = True
        awake = environment_lock._clocks
        for slept, loss in ((HEARTBEAT * 3, AwsError), (DURATION + HEARTBEAT, LockLostError)):
            seconds = slept.total_seconds()
            monkeypatch.setattr(environment_lock, "_clocks", lambda s=seconds: (awake()[0], awake()[1] + s))
            with pytest.raises(loss):
                held.check()
        monkeypatch.undo()


def test_while_renewals_are_young_nothing_is_asked(locks: Locks, client: ControlClient) -> None:
    with holding(locks, heartbeat=HEARTBEAT) as held:
        client.down = True
        held.check()


def test_what_went_wrong_first_is_what_is_told(locks: Locks, client: ControlClient) -> None:
    def fail() -> None:
        client.down = True
        raise RefusedError("no")

    with pytest.raises(RefusedError, match="no"), locked(locks, NAME, ANN, UP):
        fail()
    client.down = False
    assert NAME in locks.live()
    client.sleep(DURATION)
    assert locks.live() == {}


def test_what_was_done_is_done_also_where_the_lock_cannot_be_given_back(locks: Locks, client: ControlClient) -> None:
    with locked(locks, NAME, ANN, UP):
        client.down = True


@pytest.mark.parametrize(
    ("on_this_machine", "host", "dead", "free"),
    [
        (True, socket.gethostname(), True, True),
        (True, socket.gethostname(), False, False),
        (True, "another", True, False),
        (False, socket.gethostname(), True, False),
    ],
)
def test_a_process_that_died_here_holds_nothing_where_nobody_else_comes(
    client: ControlClient, on_this_machine: bool, host: str, dead: bool, free: bool
) -> None:
    """A pipeline's containers share a hostname and not their processes, so in an account only time tells."""
    locks = Locks(ControlItems(client, "nowhere", on_this_machine=on_this_machine))
    process = ended_process() if dead else os.getpid()
    locks.acquire(NAME, f"ann on {host}, process {process}", UP)
    assert (held_locks(locks) == {}) == free
    if free:
        with locked(locks, NAME, BOB, UP):
            assert locks.live()[NAME].holder == BOB.describe()
    else:
        with pytest.raises(LockedError, match=f"ann on {host}"), locked(locks, NAME, BOB, UP):
            pytest.fail("both are in")


def ended_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid
