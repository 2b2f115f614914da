import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.codec import name_pool, synthetic_values
from tee_infra.core.codec.pseudonyms import BECOMES, EMAIL_DOMAIN, NUMBERS, Pseudonyms, WeakKeyError, derive_key
from tee_infra.core.tables.item_shapes import Personal

KEY = derive_key("an example key that is long enough")
REPLACE = Pseudonyms(KEY).replacements
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


def test_every_kind_has_a_replacement_and_a_description() -> None:
    assert set(REPLACE) == set(BECOMES) == set(Personal)
    assert set(Pseudonyms(KEY).numbers) == NUMBERS


@pytest.mark.parametrize(
    ("kind", "value", "stand_in"),
    [
        (Personal.IDENTIFIER, "m-1", "90bc6896f3eb6469ac8d4440"),
        (Personal.NAME, "Anna Schmidt", "Proud Dingo"),
        (Personal.EMAIL, "anna@example.org", "bb6c44faab738f978b01@anonymised.example.com"),
        (Personal.PHONE, "+12025550147", "+15554617294"),
        (Personal.DATE, "2024-02-29", "2023-11-25"),
        (Personal.DATE, "2024-02-29T23:59:59.123Z", "2023-11-25T01:36:06.123Z"),
        (Personal.FREE_TEXT, "knee surgery in May, plays again in June", "x" * 32),
    ],
)
def test_stand_ins_are_the_same_on_every_machine(kind: Personal, value: str, stand_in: str) -> None:
    assert REPLACE[kind](value, "m-1") == stand_in


@given(st.sampled_from([kind for kind in Personal if kind is not Personal.DATE]), TEXTS, TEXTS)
def test_no_value_survives(kind: Personal, value: str, person: str) -> None:
    if kind is Personal.IDENTIFIER and not value.strip("#"):
        return  # nothing but separators says nothing
    if kind is Personal.FREE_TEXT and set(value) == {"x"}:
        return  # the filler itself
    assert REPLACE[kind](value, person) != value


@given(st.text(st.characters(codec="utf-8", exclude_characters="#"), min_size=1))
def test_an_id_has_one_pseudonym_in_every_composite_key(member: str) -> None:
    identifier = REPLACE[Personal.IDENTIFIER]
    alone = identifier(member, "")
    assert re.fullmatch("[0-9a-f]{24}", alone)
    assert identifier(f"MEMBER#{member}", "") == f"MEMBER#{alone}"
    assert identifier(f"SCHEDULE#s#MEMBER#{member}", "").endswith(f"#MEMBER#{alone}")


@given(st.lists(TEXTS, unique=True, max_size=30))
def test_different_ids_and_emails_stay_different(values: list[str]) -> None:
    for kind in (Personal.IDENTIFIER, Personal.EMAIL):
        assert len({REPLACE[kind](value, "") for value in values}) == len(values)


@given(TEXTS)
def test_emails_are_valid_and_go_nowhere(value: str) -> None:
    assert re.fullmatch(rf"[0-9a-f]{{20}}@{re.escape(EMAIL_DOMAIN)}", REPLACE[Personal.EMAIL](value, ""))


DAYS = st.dates(min_value=date(1, 12, 31))
MOMENTS = st.datetimes(min_value=datetime(1, 12, 31))  # noqa: DTZ001  # with and without an offset below


@given(DAYS, DAYS, TEXTS)
def test_dates_of_a_person_keep_their_distance_and_move_back(first: date, second: date, person: str) -> None:
    moved = [REPLACE[Personal.DATE](day.isoformat(), person) for day in (first, second)]
    assert timedelta() < first - date.fromisoformat(moved[0]) < timedelta(days=182)
    assert date.fromisoformat(moved[0]) - date.fromisoformat(moved[1]) == first - second


@given(MOMENTS, st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
       st.sampled_from(["", "Z", "+00:00", "-05:30"]), st.sampled_from("T "))  # fmt: skip
def test_times_keep_their_form_and_move_back(moment: datetime, timespec: str, offset: str, separator: str) -> None:
    value = moment.isoformat(separator, timespec) + offset
    moved = REPLACE[Personal.DATE](value, "m-1")
    assert re.sub("[0-9]", "0", moved) == re.sub("[0-9]", "0", value)
    assert moved < value


@given(st.integers(-(10**9), 10**11 - 1) | st.integers(10**12, 4 * 10**12))
def test_seconds_and_milliseconds_move_back(value: int) -> None:
    unit = 1000 if value >= 10**11 else 1
    moved = int(Pseudonyms(KEY).numbers[Personal.DATE](str(value), "m-1"))
    assert 86_400 * unit <= value - moved < 182 * 86_400 * unit


NOT_DATES = (
    "spring of 1985", "31.12.1985", "2024-02-30", "20240229", "2024-W01-1", "2024-02-29T10", "2024-02-29T10:00:00.1",
    "2024-02-29T100000", "2024-02-29 10:00:00 UTC", "0001-01-01", "0001-01-01T00:00:00Z", "2024-02-29T", "2024-02-29Z",
)  # fmt: skip


@pytest.mark.parametrize("value", NOT_DATES)
def test_a_date_that_cannot_be_read_or_shifted_is_an_error(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # any, of Python's too
        REPLACE[Personal.DATE](value, "m-1")


@given(TEXTS)
def test_any_other_text_is_an_error_or_a_date_of_the_same_form(value: str) -> None:
    try:
        moved = REPLACE[Personal.DATE](value, "m-1")
    except ValueError:
        return
    assert len(moved) == len(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "", "x"])
def test_a_number_that_is_none_is_an_error(value: str) -> None:
    for replace in Pseudonyms(KEY).numbers.values():
        with pytest.raises(ValueError, match="not a number"):
            replace(value, "m-1")


def test_another_key_gives_other_stand_ins() -> None:
    other = Pseudonyms(derive_key("another key that is long enough too")).replacements
    assert other[Personal.IDENTIFIER]("m-1", "") != REPLACE[Personal.IDENTIFIER]("m-1", "")


def test_kinds_are_separated() -> None:
    assert REPLACE[Personal.EMAIL]("m-1", "").split("@")[0] not in REPLACE[Personal.IDENTIFIER]("m-1", "")


def test_the_pool_of_names_is_nobodys() -> None:
    assert not set(name_pool.FIRST) & set(synthetic_values.FIRST_NAMES)
    assert not set(name_pool.LAST) & set(synthetic_values.LAST_NAMES)
    assert len(set(name_pool.FIRST)) == len(name_pool.FIRST) > 100
    assert len(set(name_pool.LAST)) == len(name_pool.LAST) > 100


def test_a_short_key_is_refused_without_being_shown() -> None:
    with pytest.raises(WeakKeyError, match=r"has 6 characters .* openssl rand") as caught:
        derive_key(" secret\n")
    assert "secret" not in str(caught.value)
