from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec.entities import entity_of, split_key, tag_pattern

IDS = st.text(st.characters(codec="utf-8", exclude_characters="#"), min_size=1)


@given(IDS)
def test_an_id_and_every_key_that_names_it_mean_the_same_entity(member: str) -> None:
    keys = [member, f"MEMBER#{member}", f"SCHEDULE#s-1#MEMBER#{member}"]
    assert {entity_of(key) for key in keys} == {member}


@given(st.text())
def test_the_parts_of_a_key_are_the_key(key: str) -> None:
    assert "".join(split_key(key)) == key


def test_an_id_may_look_like_a_tag() -> None:
    assert entity_of("MEMBER#BOB#1") == "BOB#1"
    assert entity_of("BOB#1") == "BOB#1"


def test_a_key_of_nobody_is_an_entity_of_its_own() -> None:
    assert entity_of("SYNC#calendar") == "SYNC#calendar"


def test_a_longer_tag_is_not_cut_by_a_shorter_one() -> None:
    assert tag_pattern(["A", "A-B"]).split("A-B#1#A#2") == ["", "A-B#", "1#", "A#", "2"]
