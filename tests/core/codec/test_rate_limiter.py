"""The pace against tables in virtual time: a token bucket that accepts in part, and one that closes for the second."""

import heapq
from collections.abc import Callable

import pytest

from tee_infra.core.codec.rate_limiter import RateLimiter

BATCH = 25
ROUND_TRIP = 0.004
IN_FLIGHT = 32
SEND_SECONDS = 0.0001


class Bucket:
    """A limit in units a second, of which an idle table saves up `burst`."""

    def __init__(self, limit: float, burst: float) -> None:
        self.limit, self.burst, self.tokens, self.at = limit, burst, burst, 0.0

    def accept(self, count: int, now: float) -> int:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.limit)
        self.at = now
        accepted = int(min(count, self.tokens))
        self.tokens -= accepted
        return accepted


def drive(pace: RateLimiter, accept: Callable[[int, float], int], items: int) -> tuple[float, float]:
    """Write items with 32 requests under way; the seconds it took, and requests in multiples of the ideal."""
    now, pending, requests, done, free_at = 0.0, items, 0, 0, 0.0
    under_way: list[tuple[float, int, int]] = []
    while done < items:
        if pending and len(under_way) < IN_FLIGHT and (not under_way or free_at <= under_way[0][0]):
            now = max(now, free_at)
            count = min(BATCH, pending)
            sent = now + pace.take(count, now)
            heapq.heappush(under_way, (sent + ROUND_TRIP, requests, count))
            pending, requests, free_at = pending - count, requests + 1, sent + SEND_SECONDS
            continue
        arrived, _, count = heapq.heappop(under_way)
        now = max(now, arrived)
        accepted = accept(count, arrived - ROUND_TRIP / 2)
        pace.settle(count, accepted, count - accepted, now)
        done, pending = done + accepted, pending + count - accepted
        if not accepted:
            free_at = max(free_at, now + 0.02)
    return now, requests / (items / BATCH)


@pytest.mark.parametrize("burst", [400, 1000, 4000, 20_000])
def test_finds_a_limit_with_few_requests_wasted(burst: int) -> None:
    items = 50_000
    seconds, requests = drive(RateLimiter(), Bucket(4000, burst).accept, items)
    assert items / seconds >= 0.9 * 4000
    assert requests <= 1.2


@pytest.mark.parametrize(("limit", "allowed"), [(25, 3.0), (100, 2.0), (1000, 1.2), (40_000, 1.2)])
def test_finds_other_limits(limit: int, allowed: float) -> None:
    items = limit * 20
    seconds, requests = drive(RateLimiter(), Bucket(limit, limit).accept, items)
    assert items / seconds >= 0.8 * limit
    assert requests <= allowed


def test_follows_a_limit_that_is_raised() -> None:
    bucket = Bucket(1000, 1000)

    def accept(count: int, now: float) -> int:
        bucket.limit = 1000 if now < 10 else 8000
        return bucket.accept(count, now)

    seconds, _ = drive(RateLimiter(), accept, 10_000 + 80_000)
    assert seconds < 30


def test_refusals_that_no_rate_avoids_do_not_stop_it() -> None:
    requests = iter(range(10**9))
    seconds, _ = drive(RateLimiter(), lambda count, _now: 0 if next(requests) % 3 == 0 else count, 50_000)
    assert seconds < 30


def test_never_exceeds_its_cap_and_does_not_wait_without_one() -> None:
    seconds, requests = drive(RateLimiter(cap=2000), lambda count, _now: count, 20_000)
    assert seconds >= 9.9
    assert requests == 1.0
    unlimited, _ = drive(RateLimiter(), lambda count, _now: count, 20_000)
    assert unlimited < 0.5
