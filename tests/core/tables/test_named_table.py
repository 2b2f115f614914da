import pytest

from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.named_table import UnknownIndexError, UnknownTableError, named_index, named_table

ADMIN, SCHEDULES, SYNC = TABLES


@pytest.mark.parametrize(
    ("name", "table"),
    [("tee-admin", ADMIN), ("admin", ADMIN), ("syncStatus", SYNC), ("sync-status", SYNC), ("schedules", SCHEDULES)],
)
def test_a_table_has_three_spellings(name: str, table: object) -> None:
    assert named_table(name) is table


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("schedule", "tee-schedules"),
        ("sync_status", "tee-sync-status"),
        ("Admin", "tee-admin"),
        ("tee-amdin", "tee-admin"),
    ],
)
def test_a_mistake_names_the_table_like_it(name: str, close: str) -> None:
    with pytest.raises(UnknownTableError, match=f"Did you mean {close}") as refused:
        named_table(name)
    assert refused.value.close == [close]


def test_nothing_like_it_names_all() -> None:
    with pytest.raises(UnknownTableError, match=r"allowed: tee-admin, tee-schedules, tee-sync-status") as refused:
        named_table("orders")
    assert refused.value.next is None


def test_indexes() -> None:
    assert named_index(SCHEDULES, "by-date").name == "by-date"
    with pytest.raises(UnknownIndexError, match="Did you mean by-date"):
        named_index(SCHEDULES, "date")
    with pytest.raises(UnknownIndexError, match="it has no index"):
        named_index(ADMIN, "by-date")
