"""What the control table has of the last comparison: one that found a difference takes an earlier one's place."""

from datetime import UTC, datetime, timedelta

from tee_infra.core.cutover.journal import Differed, Entry, PositionTaken, Verified
from tee_infra.core.cutover.journal_items import Item, StoredJournal, entry_items, read_journal
from tee_infra.core.cutover.requests import Position

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CLEAN = Verified(NOW, 1, {"s0": "5"})
FOUND = Differed(LATER, 1, 3)


def stored(*entries: Entry, generation: int = 1) -> tuple[StoredJournal, dict[str, Item]]:
    items: dict[str, Item] = {}
    for entry in (PositionTaken(Position({"s0": None}), ()), *entries):
        items |= {item["sk"]: item for item in entry_items("j", entry, generation)}
    return read_journal("j", items.values()), items


def test_a_difference_takes_an_earlier_verification_away_and_a_later_one_gives_it_back() -> None:
    found, items = stored(CLEAN, FOUND)
    assert (found.verified_at, found.verified_shards) == (None, {})
    assert (found.differed_at, found.different) == (LATER, 3)
    assert items["verified"]["generation"] == -1  # an earlier version reads no verification either
    again, _ = stored(FOUND, CLEAN)
    assert (again.verified_at, again.verified_shards) == (NOW, {"s0": "5"})
    assert (again.differed_at, again.different) == (None, 0)


def test_a_difference_of_an_earlier_position_counts_no_more_than_a_verification_of_one() -> None:
    found, _ = stored(FOUND, generation=2)
    assert (found.verified_at, found.differed_at, found.different) == (None, None, 0)
