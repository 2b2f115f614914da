import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.data.copy_policy import (
    AWS_ROUTE_BYTES,
    DifferentKeysError,
    PlainCopyError,
    ProductionTargetError,
    SameTableError,
    check_sides,
    copy_side,
    pair_tables,
    plan_table,
)
from tee_infra.core.data.estimate import estimate
from tee_infra.core.environments import UnknownEnvironmentError
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import UsageError

ENDS = ["prod", "prod-v2", "production", "staging", "dev", "test", "feature-x", "table:prod-tee-admin", "table:any"]


def facts(name: str = "t", **more: object) -> TableFacts:
    return TableFacts(**{"name": name, "arn": "", "key_names": ("pk",), "key_types": ("S",), **more})


@given(source=st.sampled_from(ENDS), target=st.sampled_from(ENDS), anonymized=st.booleans())
def test_production_is_never_written_and_never_left_plainly(source: str, target: str, anonymized: bool) -> None:
    ends = copy_side(source), copy_side(target)
    if "prod" in target:
        with pytest.raises(ProductionTargetError):
            check_sides(*ends, anonymized=anonymized)
    elif source == target and ":" not in source:
        with pytest.raises(SameTableError):
            check_sides(*ends, anonymized=anonymized)
    elif "prod" in source and not anonymized:
        with pytest.raises(PlainCopyError, match="data sync-dev --anonymize"):
            check_sides(*ends, anonymized=anonymized)
    else:
        check_sides(*ends, anonymized=anonymized)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_the_legacy_tables_are_production_as_a_target(table: str) -> None:
    with pytest.raises(ProductionTargetError):
        check_sides(copy_side("dev"), copy_side(f"table:{table}"), anonymized=True)


def test_an_environment_that_is_none_is_an_error() -> None:
    with pytest.raises(UnknownEnvironmentError):
        copy_side("prod-hotfix")


def test_tables_are_paired_by_their_logical_names() -> None:
    staging, dev = copy_side("staging"), copy_side("dev")
    assert pair_tables(staging, dev, ["tee-admin"]) == [("tee-admin", "staging-tee-admin", "dev-tee-admin")]
    assert [pair[0] for pair in pair_tables(staging, dev, [])] == [table.name for table in TABLES]
    with pytest.raises(UsageError, match="unknown table 'nope'; allowed: tee-admin"):
        pair_tables(staging, dev, ["nope"])


def test_one_table_is_paired_by_its_ending_or_as_told() -> None:
    legacy, dev = copy_side("table:old-tee-schedules"), copy_side("dev")
    assert pair_tables(legacy, dev, []) == [("tee-schedules", "old-tee-schedules", "dev-tee-schedules")]
    assert pair_tables(copy_side("table:x"), dev, ["tee-admin"]) == [("tee-admin", "x", "dev-tee-admin")]
    assert pair_tables(dev, copy_side("table:x"), ["tee-admin"]) == [("tee-admin", "dev-tee-admin", "x")]
    assert pair_tables(copy_side("table:x"), copy_side("table:y"), []) == [("x", "x", "y")]
    for chosen in ([], ["tee-admin", "tee-schedules"]):
        with pytest.raises(UsageError, match="--tables"):
            pair_tables(copy_side("table:x"), dev, chosen)


@given(items=st.integers(1, 10**9), size=st.integers(1, 10**12), indexes=st.integers(0, 5))
def test_an_estimate_grows_with_the_indexes(items: int, size: int, indexes: int) -> None:
    source = facts(items=items, size=size)
    fewer, more = estimate(source, indexes, "wire"), estimate(source, indexes + 1, "wire")
    assert (fewer.items, fewer.size) == (items, size)
    assert fewer.dollars < more.dollars
    assert fewer.seconds <= more.seconds


def test_a_million_items_of_one_kilobyte_cost_about_a_dollar() -> None:
    found = estimate(facts(items=10**6, size=10**9), 0, "wire")
    assert 0.6 < found.dollars < 0.8
    assert 200 < found.seconds < 300


def test_the_route_depends_on_the_size_and_on_what_is_possible() -> None:
    big, empty = facts(items=10**7, size=AWS_ROUTE_BYTES), facts("u")
    assert plan_table("t", big, empty, transformed=False, bucket=True).route == "aws"
    assert plan_table("t", big, empty, transformed=True, bucket=True).route == "wire"
    assert plan_table("t", big, empty, transformed=False, bucket=False).route == "wire"
    assert plan_table("t", facts(size=AWS_ROUTE_BYTES - 1), empty, transformed=False, bucket=True).route == "wire"


def test_tables_with_different_keys_are_refused() -> None:
    with pytest.raises(DifferentKeysError, match=r"pk \(S\) and u has pk \(N\)"):
        plan_table("t", facts(), facts("u", key_types=("N",)), transformed=False, bucket=False)
