"""Whether a migration may begin: by the names of its ends, by their pointer, and by its time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.cutover.migration import (
    LONGEST,
    check_ends,
    check_open_slot,
    estimate,
    home_of,
    migration_side,
    total_seconds,
)
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.data.copy_policy import PlainCopyError, SameTableError
from tee_infra.core.tables.description import TableFacts
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, TeeInfraError, UsageError

SIDES = ("prod", "prod-v2", "prod-v17", "legacy", "staging", "dev", "test", "feature-x")
PRODUCTION = SIDES[:4]


@pytest.mark.parametrize("source", SIDES)
@pytest.mark.parametrize("target", SIDES)
def test_production_is_migrated_only_from_and_to_production(source: str, target: str) -> None:
    ends = migration_side(source), migration_side(target)
    expected: type[TeeInfraError] | None = None
    if source == target:
        expected = SameTableError
    elif (source in PRODUCTION) != (target in PRODUCTION):
        expected = PlainCopyError if source in PRODUCTION else RefusedError
    if expected is None:
        check_ends(*ends)
        return
    with pytest.raises(expected):
        check_ends(*ends)


@pytest.mark.parametrize("text", ["table:prod-tee-admin", "prod-v0", "nowhere", "", "Legacy"])
def test_an_end_is_an_environment_a_slot_or_legacy(text: str) -> None:
    with pytest.raises(UsageError):
        migration_side(text)


def test_all_slots_of_production_have_its_pointer() -> None:
    homes = {name: home_of(migration_side(name)).name for name in SIDES}
    assert homes == {name: "prod" if name in PRODUCTION else name for name in SIDES}


ENDS = migration_side("legacy"), migration_side("prod")
EMPTY, OWN, OTHERS = ({"tee-admin": state} for state in ("empty", "resumes", "has other items"))


@pytest.mark.parametrize(
    ("pointer", "states", "refused"),
    [
        (Pointer(epoch=0, state="ACTIVE", slot="prod"), EMPTY, False),
        (Pointer(epoch=0, state="ACTIVE", slot="prod"), OWN, False),
        (Pointer(epoch=0, state="ACTIVE", slot="prod"), OTHERS, True),
        (Pointer(epoch=4, state="ACTIVE", slot="prod"), EMPTY, True),
        (Pointer(epoch=4, state="PREPARING", slot="prod"), OWN, True),
        (Pointer(epoch=4, state="ACTIVE", slot="legacy"), OTHERS, False),
        (Unreadable(reason="the pointer cannot be read"), EMPTY, True),
    ],
)
def test_the_app_never_writes_to_the_target(pointer, states, refused) -> None:
    if not refused:
        check_open_slot(ENDS, pointer, states)
        return
    with pytest.raises(RefusedError, match="Nothing was written"):
        check_open_slot(ENDS, pointer, states)


def facts(items: int, size: int, indexes: int = 0) -> TableFacts:
    return TableFacts(name="t", arn="", key_names=("pk",), key_types=("S",), items=items, size=size, indexes=indexes)


@settings(max_examples=50)
@given(st.integers(0, 10**9), st.integers(0, 2**40), st.integers(0, 5))
def test_more_than_twelve_hours_are_refused_and_a_larger_table_never_takes_less(
    items: int, size: int, indexes: int
) -> None:
    found = estimate({"one": (facts(items, size), facts(0, 0, indexes))})
    more = estimate({"one": (facts(items * 2 + 1, size * 2), facts(0, 0, indexes))})
    assert more["one"].seconds > found["one"].seconds
    if found["one"].seconds * 1.5 <= LONGEST.total_seconds():
        assert total_seconds(found) == found["one"].seconds * 1.5
        return
    with pytest.raises(RefusedError, match="24 hours"):
        total_seconds(found)


def test_tables_share_one_machine() -> None:
    pair = facts(10**6, 10**8), facts(0, 0)
    one, three = (estimate({str(number): pair for number in range(count)}) for count in (1, 3))
    assert three["0"].seconds > one["0"].seconds
    assert total_seconds({}) == 0
