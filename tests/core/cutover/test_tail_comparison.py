"""A tail compares some minutes after a switch, an hour after it, and then often enough for a rollback."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.cutover.preflight import VERIFIED_WITHIN
from tee_infra.core.cutover.tail_comparison import AGAIN, EARLY, UNCLEAN_AGAIN, comparison_is_due

SWITCHED = datetime(2026, 12, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def comparisons(hours: int, *, switched_at: datetime | None, clean: bool, step: timedelta = MINUTE) -> list[timedelta]:
    """When a tail compares that runs from the switch on; the one before the switch was clean."""
    compared_at, was_clean, found = SWITCHED - 5 * MINUTE, True, []
    for number in range(int(hours * HOUR / step)):
        now = SWITCHED + number * step
        if comparison_is_due(now, switched_at=switched_at, compared_at=compared_at, clean=was_clean):
            found.append(now - SWITCHED)
            compared_at, was_clean = now, clean
    return found


def test_a_tail_that_follows_back_compares_twice_within_the_hour_and_then_before_a_day_has_passed() -> None:
    assert comparisons(48, switched_at=SWITCHED, clean=True) == [
        10 * MINUTE,
        HOUR,
        21 * HOUR + MINUTE,
        41 * HOUR + 2 * MINUTE,
    ]


def test_another_tail_compares_before_a_day_has_passed() -> None:
    assert comparisons(24, switched_at=None, clean=True) == [19 * HOUR + 56 * MINUTE]


def test_a_difference_is_looked_at_again_after_an_hour_and_not_all_the_time() -> None:
    found = comparisons(5, switched_at=SWITCHED, clean=False)
    assert found[:3] == [10 * MINUTE, HOUR, 2 * HOUR + MINUTE]
    assert all(later - earlier >= 50 * MINUTE for earlier, later in pairwise(found))


@given(st.timedeltas(timedelta(), timedelta(days=3)), st.booleans())
def test_a_tail_that_is_started_later_compares_at_once_if_it_has_missed_an_early_one(
    ago: timedelta, clean: bool
) -> None:
    now = SWITCHED + ago
    before = SWITCHED - MINUTE
    due = comparison_is_due(now, switched_at=SWITCHED, compared_at=before, clean=clean)
    assert due == (ago >= EARLY[0] or (not clean and ago + MINUTE > UNCLEAN_AGAIN))
    assert comparison_is_due(now, switched_at=SWITCHED, compared_at=None, clean=clean)
    assert not comparison_is_due(now, switched_at=SWITCHED, compared_at=now, clean=clean)


def test_a_clean_comparison_is_never_too_old_for_a_rollback() -> None:
    assert AGAIN + 2 * HOUR < VERIFIED_WITHIN
