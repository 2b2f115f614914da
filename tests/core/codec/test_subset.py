import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.subset import Subset, SubsetError

KEY = b"k" * 32
MEMBERS = [f"MEMBER#m-{number}" for number in range(2000)]


def taken(subset: Subset) -> set[str]:
    return {member for member in MEMBERS if subset.takes(member)}


def test_the_same_entities_are_taken_by_key_and_by_reference() -> None:
    subset = Subset.of_fraction(KEY, 0.3)
    assert [subset.takes(key) for key in MEMBERS] == [subset.takes(key.removeprefix("MEMBER#")) for key in MEMBERS]


def test_a_fraction_is_about_that_share_and_pinned_for_every_machine() -> None:
    subset = Subset.of_fraction(KEY, 0.05)
    assert 70 < len(taken(subset)) < 130
    assert sorted(taken(subset))[:3] == ["MEMBER#m-1010", "MEMBER#m-1034", "MEMBER#m-1058"]


@given(st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_larger_fraction_contains_a_smaller_one(first: float, second: float) -> None:
    small, large = sorted((first, second))
    members = MEMBERS[:100]
    assert {m for m in members if Subset.of_fraction(KEY, small).takes(m)} <= {
        m for m in members if Subset.of_fraction(KEY, large).takes(m)
    }


def test_a_fraction_of_one_takes_everything() -> None:
    assert taken(Subset.of_fraction(KEY, 1)) == set(MEMBERS)


@given(st.integers(1, 300), st.permutations(MEMBERS[:200]))
def test_a_number_of_entities_is_exact_whatever_the_order_and_repetitions(count: int, members: list[str]) -> None:
    subset = Subset.of_count(KEY, count, [*members, *members[:50]])
    found = {member for member in members if subset.takes(member)}
    assert len(found) == min(count, 200)
    assert subset == Subset.of_count(KEY, count, sorted(members))


def test_no_entities_give_a_subset_that_takes_nothing() -> None:
    assert taken(Subset.of_count(KEY, 3, [])) == set()


def test_keys_choose_differently() -> None:
    assert taken(Subset.of_fraction(KEY, 0.1)) != taken(Subset.of_fraction(b"other", 0.1))


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01, float("nan")])
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(SubsetError, match="above 0 and at most 1"):
        Subset.of_fraction(KEY, fraction)


def test_less_than_one_entity_is_refused() -> None:
    with pytest.raises(SubsetError, match="--members 0 is not 1 or more"):
        Subset.of_count(KEY, 0, MEMBERS)
