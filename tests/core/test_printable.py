"""Text of others stays text: nothing hidden, no line of its own, no command; and all other text stays as it is."""

import json
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tee_infra.core.printable import printable, printable_json
from tests.support.hostile import COMMANDS, HOSTILE, faults

TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from([*COMMANDS, *HOSTILE, "\n", "\r", " ", ":", "#", "[", "\u00a0", "a"])).map("".join),
)


@settings(max_examples=200)
@given(TEXTS)
@example("".join(HOSTILE))
@example("###[error]")
@example(":::error::")
@example("\u00a0 ::add-mask::x")
def test_a_line_is_one_line_that_shows_everything_and_commands_nothing(text: str) -> None:
    line = printable(text)
    assert faults(line) == []
    assert "\n" not in line
    assert printable(line) == line


@settings(max_examples=200)
@given(st.dictionaries(TEXTS, TEXTS, max_size=3))
@example({"".join(HOSTILE): "".join(COMMANDS)})
def test_json_means_the_same_without_them(facts: dict[str, str]) -> None:
    document = printable_json(json.dumps(facts, indent=2, ensure_ascii=False))
    assert faults(document) == []
    assert json.loads(document) == facts
    document.encode()


def test_every_control_and_format_character_of_unicode_is_shown() -> None:
    hidden = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and printable(character) == character
    ]
    assert hidden == []


@pytest.mark.parametrize(
    "text",
    [
        "", "feature/ünï-日本", "urn:pulumi:dev::tee-infra::aws:dynamodb/table:Table::data-x", "AWS::DynamoDB::Table",
        "  ± replace  t:T  admin", "don't \"quote\" $(id) `id`", "# a ## b [x] #[ ##", "a::b", "C:\\x", "👍", "ﷺ",
    ],
)  # fmt: skip
def test_other_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert printable_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff", r"\udcff"),
        ("::error::x", r"\x3a:error::x"),
        ("x ##[error]", r"x #\x23[error]"),
        ("##vso[task.setvariable]", r"#\x23vso[task.setvariable]"),
    ],
)
def test_a_harmful_character_becomes_an_escape_as_python_writes_it(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_escapes_are_ascii() -> None:
    assert re.fullmatch(r"[!-~ ]*", printable("".join(HOSTILE)))
