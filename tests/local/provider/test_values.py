from typing import Any

import pytest

from tee_infra.local.provider.values import (
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_MARKS,
    decode,
    document,
    encode,
    holds_unknown,
)


@pytest.mark.parametrize("value", ["text", "", 5, -1, 2.5, True, False, [], ["a", 1], {}, {"a": {"b": [UNKNOWN]}}])
def test_values_survive_the_wire(value: Any) -> None:
    assert decode(encode({"value": value})) == {"value": value}


def test_null_is_nothing() -> None:
    assert decode(encode({"a": None, "b": {"c": None}})) == {"b": {}}


def test_secrets_and_outputs_are_opened() -> None:
    wire = {"a": {SIGNATURE: SECRET, "value": "s"}, "b": {SIGNATURE: OUTPUT, "value": 1}, "c": {SIGNATURE: OUTPUT}}
    assert decode(encode(wire)) == {"a": "s", "b": 1, "c": UNKNOWN}


@pytest.mark.parametrize("mark", sorted(UNKNOWN_MARKS))
def test_every_mark_of_an_unknown_is_known(mark: str) -> None:
    assert decode(encode({"a": mark})) == {"a": UNKNOWN}


@pytest.mark.parametrize(
    ("value", "expected"), [("a", False), (UNKNOWN, True), ([{"a": UNKNOWN}], True), ({"a": ["b"]}, False)]
)
def test_unknowns_are_found_anywhere(value: Any, expected: bool) -> None:
    assert holds_unknown(value) is expected


def test_text_that_is_no_document_stays_text() -> None:
    assert document("{") == "{"
    assert document('{"a": 1}') == {"a": 1}
