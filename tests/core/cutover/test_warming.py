"""What of the target takes less at once than the source is raised to the source's, and nothing is lowered."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.cutover.preflight_facts import WarmThroughput
from tee_infra.core.cutover.same_tables import warm_throughput
from tee_infra.core.cutover.warming import Increase, increases, is_being_raised, update_request

UNITS = st.integers(1, 40_000)
INDEXES = ("by-date", "by-member")


def described(parts: dict[str | None, tuple[int, int]], status: str = "ACTIVE") -> dict[str, Any]:
    def warm(part: str | None) -> dict[str, Any]:
        if part not in parts:
            return {}
        reads, writes = parts[part]
        return {"WarmThroughput": {"ReadUnitsPerSecond": reads, "WriteUnitsPerSecond": writes, "Status": status}}

    return {"GlobalSecondaryIndexes": [{"IndexName": name, **warm(name)} for name in INDEXES], **warm(None)}


TABLES = st.dictionaries(st.sampled_from((None, *INDEXES)), st.tuples(UNITS, UNITS))


@given(TABLES, TABLES)
def test_the_request_makes_the_target_cover_the_source_and_lowers_nothing(source: Any, target: Any) -> None:
    wanted = increases(described(source), described(target))
    request = update_request("t", wanted)
    sent = {None: request["WarmThroughput"]} if "WarmThroughput" in request else {}
    for update in request.get("GlobalSecondaryIndexUpdates", []):
        sent[update["Update"]["IndexName"]] = update["Update"]["WarmThroughput"]
    after = target | {part: (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) for part, warm in sent.items()}
    assert after.keys() == target.keys()
    for part, (reads, writes) in after.items():
        assert (reads, writes) >= target[part]
        needed = source.get(part, (0, 0))
        assert (reads, writes) == (max(target[part][0], needed[0]), max(target[part][1], needed[1]))
    assert len(sent) == sum(after[part] != target[part] for part in target)
    assert not increases(described(source), described(after))


def test_an_increase_says_what_changes() -> None:
    (found,) = increases(described({"by-date": (12_000, 9_000)}), described({"by-date": (12_000, 4_000)}))
    assert found == Increase(
        index="by-date",
        present=WarmThroughput(reads=12_000, writes=4_000),
        wanted=WarmThroughput(reads=12_000, writes=9_000),
    )
    assert str(found) == "4,000 -> 9,000 writes"


def test_an_increase_under_way_shows_in_the_table_or_in_an_index() -> None:
    for part in (None, *INDEXES):
        assert is_being_raised(described({part: (1, 1)}, status="UPDATING"))
    assert not is_being_raised(described({None: (1, 1), "by-date": (1, 1)}))
    assert not is_being_raised({})


def test_what_aws_does_not_tell_is_left_to_the_preflight() -> None:
    assert increases(described({None: (9, 9)}), {}) == ()
    assert warm_throughput("t", {}, known=True) == {}
