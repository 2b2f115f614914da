import hashlib
import json
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.codec.synthetic_values import SCHEDULES_PER_MEMBER
from tee_infra.core.tables.catalog import TABLES, Table

DATA = SyntheticData(42)


def plain(item: bytes) -> dict:
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in json.loads(item).items()}


def records(table: str, members: int = 300, data: SyntheticData = DATA) -> list[dict]:
    return [plain(item) for item in data.items(table, range(members))]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_items_have_the_shape_of_the_catalog_and_keys_of_their_own(table: Table) -> None:
    found = records(table.name)
    for record in found:
        table.item.model_validate(record)
    assert len({(record["pk"], record["sk"]) for record in found}) == len(found)


@pytest.mark.parametrize(
    ("table", "digest"),
    [("tee-admin", "ba39a4eee7cf548b"), ("tee-schedules", "9bd523a23304b4e6"), ("tee-sync-status", "f77984a09c201560")],
)
def test_the_bytes_are_the_same_on_every_machine(table: str, digest: str) -> None:
    assert hashlib.sha256(b"\n".join(DATA.items(table, range(100)))).hexdigest()[:16] == digest


def test_every_reference_is_to_a_member_who_exists() -> None:
    members = {record["pk"] for record in records("tee-admin")}
    assert len(members) == 300
    for table in ("tee-schedules", "tee-sync-status"):
        assert {record["pk"] for record in records(table)} <= members


def test_ranges_of_members_can_be_made_alone() -> None:
    for table in TABLES:
        whole = list(DATA.items(table.name, range(60)))
        assert [*DATA.items(table.name, range(25)), *DATA.items(table.name, range(25, 60))] == whole


def test_seeds_share_no_member() -> None:
    assert not {r["pk"] for r in records("tee-admin")} & {r["pk"] for r in records("tee-admin", data=SyntheticData(43))}


def test_distributions_are_those_of_a_club() -> None:
    bookings, members = records("tee-schedules", 2000), records("tee-admin", 2000)
    statuses = Counter(record["status"] for record in bookings if record["date"] < "2026-01-01")
    assert 0.75 < statuses["played"] / statuses.total() < 0.86
    assert all(record["status"] != "played" for record in bookings if record["date"] >= "2026-01-01")
    assert 0.01 < sum(record["role"] == "admin" for record in members) / 2000 < 0.04
    per_member = Counter(record["pk"] for record in bookings)
    assert 3 < len(bookings) / 2000 < 5
    assert max(per_member.values()) > 20
    joined = Counter(record["joinedOn"][:4] for record in members)
    assert joined["2025"] > joined["2021"] > joined["2018"]
    sizes = sorted(len(record["notes"]) for record in members if "notes" in record)
    assert sizes[len(sizes) // 2] < 250
    assert sizes[-1] > 600


def test_a_member_was_created_before_joining_and_updated_since() -> None:
    for record in records("tee-admin"):
        assert record["createdAt"][:10] <= record["joinedOn"] <= record["updatedAt"][:10] <= "2026-01-01"


def test_nothing_expires_before_it_is_written() -> None:
    assert min(record["expiresAt"] for table in TABLES[1:] for record in records(table.name)) > 2_000_000_000


def test_another_day_moves_the_dates_and_keeps_the_keys() -> None:
    later = SyntheticData(42, date(2027, 1, 1))
    before, after = records("tee-schedules", 50), records("tee-schedules", 50, later)
    assert [record["sk"] for record in before] == [record["sk"] for record in after]
    assert {
        (date.fromisoformat(b["date"]) - date.fromisoformat(a["date"])).days for a, b in zip(before, after, strict=True)
    } == {365}


def test_more_playful_members_are_rarer() -> None:
    assert all(first <= second for first, second in pairwise(SCHEDULES_PER_MEMBER[192:]))
    assert len(SCHEDULES_PER_MEMBER) == 256
