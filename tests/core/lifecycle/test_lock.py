from datetime import UTC, datetime, timedelta

import pytest

from tee_infra.core.lifecycle.lock import DURATION, HEARTBEAT, Lock, LockedError, LockLostError, UnreadableLockError
from tee_infra.errors import BusyError, RemoteError

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LOCK = Lock(
    name="feature-x",
    holder="ann on laptop, process 12",
    purpose="tee-infra up",
    counter=1,
    beat=9,
    token="ann's",
    acquired_at=NOW - timedelta(minutes=3),
    renewed_at=NOW - timedelta(seconds=20),
)


@pytest.mark.parametrize(("later", "live"), [(-1, True), (0, False)])
def test_it_lives_until_its_end_and_not_at_it(later: int, live: bool) -> None:
    assert LOCK.is_live(LOCK.ends_at + timedelta(seconds=later)) == live


def test_several_renewals_may_fail_before_it_ends() -> None:
    assert DURATION > 4 * HEARTBEAT


def test_who_waits_is_told_who_since_when_and_what_next() -> None:
    error = LockedError(LOCK, NOW)
    assert isinstance(error, BusyError)
    assert str(error) == (
        "feature-x is locked by ann on laptop, process 12 (tee-infra up, for 3 min, since "
        "2026-11-30T23:57:00Z). Wait until that run has finished and run the same command again. If its process has "
        "died, the lock expires automatically in 70 s"
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (LOCK.acquired_at - timedelta(days=1), "tee-infra up, for 0 s"),
        (LOCK.ends_at + timedelta(days=1), "expires automatically in 0 s"),
    ],
)
def test_no_duration_is_negative_whatever_the_clocks_say(now: datetime, told: str) -> None:
    assert told in str(LockedError(LOCK, now))


def test_who_lost_it_is_told_to_come_again() -> None:
    error = LockLostError(LOCK)
    assert isinstance(error, BusyError)
    assert error.lock == LOCK
    assert "Run the same command again" in str(error)


def test_one_that_cannot_be_read_is_named_with_its_key() -> None:
    error = UnreadableLockError("feature-x", "it has no 'beat'")
    assert isinstance(error, RemoteError)
    assert str(error) == (
        "the lock on feature-x in table tee-control cannot be read: it has no 'beat'. Make sure that no run changes "
        'feature-x, then delete that item: pk "locks", sk "feature-x"'
    )
