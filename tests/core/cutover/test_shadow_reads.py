"""Counts of shadow reads: of a day, since the last comparison, and unreadable where this version does not know them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.core.cutover.shadow_reads import ShadowReads, ShadowTable, read_shadow_reads
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 12, 1, 12, 5, tzinfo=UTC)
POINTER = {"pk": "pointer#prod", "sk": "pointer", "epoch": 1, "state": "ACTIVE", "slot": "prod"}


def item(minutes_ago: int, slot: str = "prod-v2", **counts: int) -> dict[str, Any]:
    window = int((NOW - timedelta(minutes=minutes_ago)).timestamp()) // 600
    named = {name.replace("__", "#").replace("_", "-"): number for name, number in counts.items()}
    return {"pk": "pointer#prod", "sk": f"shadow#{slot}#{window % 144:03d}", "window": window, "counts": named}


def read(*items: dict[str, Any], since: datetime | None = None) -> ShadowReads:
    found = read_shadow_reads([POINTER, *items], "prod-v2", NOW, since)
    assert isinstance(found, ShadowReads)
    return found


def test_windows_of_a_day_are_added_and_others_are_not() -> None:
    found = read(
        item(0, reads__tee_admin=5, failed__tee_admin=1, o3=4, n3=4),
        item(600, reads__tee_admin=6, reads__tee_schedules=2, differ__tee_schedules=1),
        item(24 * 60 + 10, reads__tee_admin=100, differ__tee_admin=100),
        item(0, "prod-v3", reads__tee_admin=1000),
        item(0, "prod", reads__tee_admin=1000),
    )
    assert found.tables == {
        "tee-admin": ShadowTable(reads=11, failed=1),
        "tee-schedules": ShadowTable(reads=2, mismatches=1),
    }
    assert found.total == ShadowTable(reads=13, mismatches=1, failed=1)
    assert found.still_sent
    assert found.p99_ratio == 1.0


def test_what_came_before_a_comparison_is_settled_by_it() -> None:
    """A window that began before it may have counts of before."""
    items = item(30, differ__tee_admin=1), item(15, differ__tee_admin=2), item(0, reads__tee_admin=4)
    assert read(*items, since=NOW - timedelta(minutes=14)).tables == {"tee-admin": ShadowTable(reads=4)}
    assert read(*items).total.mismatches == 3


def test_without_any_within_a_day_there_are_none() -> None:
    assert read_shadow_reads([POINTER, item(25 * 60, reads__a=1)], "prod-v2", NOW, None) is None


def test_clients_that_have_stopped_are_not_awaited() -> None:
    assert read(item(15, reads__a=1)).still_sent
    assert not read(item(40, reads__a=1)).still_sent
    assert read(item(15, reads__a=1), since=NOW).still_sent


@pytest.mark.parametrize(
    ("counts", "p50", "p99"),
    [
        ({"o40": 100, "n40": 100}, 1.0, 1.0),
        ({"o40": 100, "n41": 100}, 1.07, 1.07),
        ({"o40": 100, "n40": 90, "n110": 10}, 1.0, 1.07**70),
        ({"o40": 99, "o60": 1, "n40": 100, "n119": 1}, 1.0, 1.0),
        ({"o40": 100, "n40": 98, "n119": 2}, 1.0, 1.07**79),  # failed reads are the slowest
    ],
)
def test_ratios_are_those_of_the_quantiles(counts: dict[str, int], p50: float | None, p99: float | None) -> None:
    found = read(item(0, reads__a=1, **counts))
    assert (found.p50_ratio, found.p99_ratio) == (pytest.approx(p50, rel=0.07), pytest.approx(p99, rel=0.07))


def test_without_a_latency_there_is_no_ratio() -> None:
    found = read(item(0, reads__a=1, o40=3))
    assert (found.p50_ratio, found.p99_ratio) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"window": "2"},
        {"window": -1},
        {"window": 10**12},
        {"counts": None},
        {"counts": {"reads#a": -1}},
        {"counts": {"reads#a": "1"}},
        {"counts": {"later#a": 1}},
        {"counts": {"o120": 1}},
        {"counts": {"reads#\x1b[1m": 1}},
    ],
    ids=str,
)
def test_counts_of_another_version_are_unreadable(change: dict[str, Any]) -> None:
    found = read_shadow_reads([item(0, reads__a=1) | change], "prod-v2", NOW, None)
    assert isinstance(found, Unreadable)
