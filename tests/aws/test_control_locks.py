"""Locks: one holder at a time whatever happens to requests, and none for ever. `core.lifecycle.lock` has the words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from tee_infra.aws.connection import AwsError
from tee_infra.aws.control_locks import LOCKS, Locks
from tee_infra.core.lifecycle.lock import DURATION, Lock, LockedError, LockLostError, UnreadableLockError
from tee_infra.core.unreadable import Unreadable
from tests.support import corruptions
from tests.support.control_client import ControlClient, Fate

NAME = "feature-x"
KEY = (LOCKS, NAME)
SECOND = timedelta(seconds=1)


@pytest.fixture
def client() -> ControlClient:
    return ControlClient()


@pytest.fixture
def locks(client: ControlClient) -> Locks:
    return Locks(client.control())


def take(locks: Locks, who: str = "ann on laptop, process 1") -> Lock:
    return locks.acquire(NAME, who, "tee-infra up")


def test_the_second_is_told_of_the_first(locks: Locks, client: ControlClient) -> None:
    held = take(locks)
    client.sleep(DURATION - SECOND)
    with pytest.raises(LockedError) as refused:
        take(locks, "bob")
    assert refused.value.lock == held
    assert locks.live() == {NAME: held}


def test_other_names_are_other_locks(locks: Locks) -> None:
    take(locks)
    assert locks.acquire("feature-y", "bob", "tee-infra up").counter == 1


@pytest.mark.parametrize("given_back", [True, False])
def test_it_is_free_once_given_back_and_once_its_time_is_over(
    locks: Locks, client: ControlClient, given_back: bool
) -> None:
    first = take(locks)
    if given_back:
        locks.release(first)
    else:
        client.sleep(DURATION)
    assert locks.live() == {}
    assert take(locks, "bob").counter == first.counter + 1


def test_a_renewal_is_good_for_as_long_again(locks: Locks, client: ControlClient) -> None:
    held = take(locks)
    client.sleep(DURATION - SECOND)
    held = locks.renew(held)
    client.sleep(DURATION - SECOND)
    assert locks.live() == {NAME: held}
    assert (held.beat, held.acquired_at) == (1, client.now - 2 * (DURATION - SECOND))


def test_of_two_at_once_one_gets_it_and_the_other_is_told_who(locks: Locks, client: ControlClient) -> None:
    client.before_put = lambda: take(locks, "bob")
    with pytest.raises(LockedError, match="bob"):
        take(locks)


def test_whoever_is_late_changes_nothing_of_a_successors(locks: Locks, client: ControlClient) -> None:
    late = take(locks)
    client.sleep(DURATION)
    successor = take(locks, "bob")
    with pytest.raises(LockLostError):
        locks.renew(late)
    locks.release(late)
    assert locks.live() == {NAME: successor}


def test_not_even_of_one_who_comes_in_between(locks: Locks, client: ControlClient) -> None:
    late = take(locks)
    client.sleep(DURATION)
    client.before_put = lambda: take(locks, "bob")
    with pytest.raises(LockLostError):
        locks.renew(late)
    client.sleep(DURATION)
    late = take(locks)
    client.sleep(DURATION)
    client.before_put = lambda: take(locks, "bob")
    locks.release(late)
    assert locks.live()[NAME].holder == "bob"


def test_a_renewal_that_was_still_on_its_way_does_not_keep_it(locks: Locks, client: ControlClient) -> None:
    held = take(locks)
    client.before_put = lambda: locks.renew(held)
    locks.release(held)
    assert locks.live() == {}


def test_an_answer_that_was_lost_is_no_refusal(locks: Locks, client: ControlClient) -> None:
    client.fate = "answer lost"
    held = take(locks)
    client.fate = "answer lost"
    held = locks.renew(held)
    assert locks.live() == {NAME: held}
    client.fate = "answer lost"
    locks.release(held)
    assert locks.live() == {}


def test_whatever_is_wrong_with_a_lock_it_may_be_held_and_hides_no_other(locks: Locks, client: ControlClient) -> None:
    broken = {item["sk"]["S"]: item for _, item in corruptions.locks()}
    held = take(locks)
    client.items |= {(LOCKS, name): item for name, item in broken.items()}
    assert len(broken) > 67
    live = locks.live()
    assert live.pop(NAME) == held
    assert live.keys() == broken.keys()
    for name, problem in live.items():
        assert isinstance(problem, Unreadable), name
        with pytest.raises(UnreadableLockError, match=name):
            locks.acquire(name, "bob", "tee-infra up")
    assert {key: client.items[LOCKS, key] for key in broken} == broken


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"renewed_at": {"S": "soon"}}, "'soon'"),
        ({"counter": {"S": "many"}}, "'many'"),
        ({"beat": None}, "it has no 'beat'"),
        ({"holder": None}, "it has no 'holder'"),
    ],
)
def test_a_lock_that_cannot_be_read_is_nobodys_to_take(
    locks: Locks, client: ControlClient, change: dict[str, Any], reason: str
) -> None:
    take(locks)
    item = client.items[KEY] | change
    client.items[KEY] = {key: value for key, value in item.items() if value is not None}
    before = dict(client.items)
    with pytest.raises(UnreadableLockError, match=reason):
        take(locks, "bob")
    problem = locks.live()[NAME]
    assert isinstance(problem, Unreadable)
    assert reason in problem.reason
    assert client.items == before


class Holders(RuleBasedStateMachine):
    """Anybody takes, renews and gives back at any time, also after death, and any put may go astray."""

    taken = Bundle[Lock]("taken")

    @initialize()
    def begin(self) -> None:
        self.client = ControlClient()
        self.locks = Locks(self.client.control())
        self.believing: dict[str, Lock] = {}
        """By token: all that neither gave it back nor were told that they lost it."""
        self.given_back: set[str] = set()
        self.newest = Lock(name=NAME, holder="", purpose="", counter=0, beat=0, token="",
                           acquired_at=self.client.now, renewed_at=self.client.now)  # fmt: skip

    @rule(seconds=st.sampled_from([1, 20, 45, 89, 90]))
    def time_passes(self, seconds: int) -> None:
        self.client.sleep(seconds * SECOND)

    @rule(fate=st.sampled_from(["answer lost", "late"]))
    def the_next_put_goes_astray(self, fate: Fate) -> None:
        self.client.fate = fate

    @precondition(lambda self: self.client.late)
    @rule()
    def late_puts_arrive(self) -> None:
        self.client.deliver()

    @rule(target=taken)
    def take(self) -> Lock:
        return self._take() or self.newest

    @rule(lock=taken)
    def renew(self, lock: Lock) -> None:
        self._renew(lock)

    @rule(lock=taken)
    def give_back(self, lock: Lock) -> None:
        self._give_back(lock)

    @rule(lock=taken, meanwhile=st.sampled_from(["take", "renew", "give_back"]))
    def take_while_another(self, lock: Lock, meanwhile: str) -> None:
        self.client.before_put = self._meanwhile(meanwhile, lock)
        self._take()

    @rule(lock=taken, other=taken, meanwhile=st.sampled_from(["take", "renew", "give_back"]))
    def renew_while_another(self, lock: Lock, other: Lock, meanwhile: str) -> None:
        self.client.before_put = self._meanwhile(meanwhile, other)
        self._renew(lock)

    @rule(lock=taken, other=taken, meanwhile=st.sampled_from(["take", "renew", "give_back"]))
    def give_back_while_another(self, lock: Lock, other: Lock, meanwhile: str) -> None:
        self.client.before_put = self._meanwhile(meanwhile, other)
        self._give_back(lock)

    @rule()
    def all_die(self) -> None:
        self.client.sleep(DURATION)
        self.client.fate = "answered"
        assert self._take() is not None

    @invariant()
    def what_met_no_put_is_over(self) -> None:
        self.client.before_put = None

    @invariant()
    def two_never_hold_it(self) -> None:
        live = [lock for lock in self.believing.values() if lock.is_live(self.client.now)]
        assert len(live) <= 1, live

    @invariant()
    def what_was_given_back_is_not_held(self) -> None:
        assert self.given_back.isdisjoint(lock.token for lock in self.locks.live().values())

    def _meanwhile(self, action: str, lock: Lock) -> Callable[[], object]:
        actions = {"take": self._take, "renew": lambda: self._renew(lock), "give_back": lambda: self._give_back(lock)}
        return actions[action]

    def _take(self) -> Lock | None:
        try:
            lock = take(self.locks)
        except (LockedError, AwsError):
            return None
        assert lock.counter > self.newest.counter
        self.newest = self.believing[lock.token] = lock
        return lock

    def _renew(self, lock: Lock) -> None:
        if not lock.token:
            return
        try:
            renewed = self.locks.renew(lock)
        except LockLostError:
            self.believing.pop(lock.token, None)
        except AwsError:
            return
        else:
            assert renewed.token == self.newest.token
            self.believing[lock.token] = renewed

    def _give_back(self, lock: Lock) -> None:
        late, before = lock.token != self.newest.token, self.client.items.get(KEY)
        try:
            self.locks.release(lock)
        except AwsError:
            return
        finally:
            self.believing.pop(lock.token, None)
        self.given_back.add(lock.token)
        assert not late or self.client.items.get(KEY) == before


TestHolders = Holders.TestCase
TestHolders.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
