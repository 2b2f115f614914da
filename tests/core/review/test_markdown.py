import re

from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.review.markdown import Block, code, fit, row, table

# Characters that mean something to Markdown, HTML or GitHub, more often than chance would have them.
SIGNS = [
    "`",
    "|",
    "\\",
    "<!--",
    "-->",
    "<b>",
    "@ann",
    "\n",
    "#1",
    "[x](y)",
    "www",
    ".",
    "://",
    "&lt;",
    "\u202e",
    "\x00",
]
HOSTILE = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(SIGNS)).map("".join))
TEXT = r"<code>(?:[0-9A-Za-z \-,./()=;:']|&#\d+;)+</code>"


@given(HOSTILE)
def test_text_from_outside_stays_text(text: str) -> None:
    escaped = code(text)
    assert escaped == "" or re.fullmatch(TEXT, escaped)
    assert "://" not in escaped
    assert "www." not in escaped.lower()


@given(HOSTILE)
def test_nobody_is_mentioned(text: str) -> None:
    """GitHub looks for mentions in what a reader sees: an @ with a name right behind it."""
    assert not re.search(r"@\w", seen(code(text)))


@given(
    st.text(
        alphabet=st.characters(categories=["L", "N", "P", "S"], exclude_characters="@\u115f\u1160\u3164\uffa0"),
        max_size=199,
    )
)
def test_a_reader_sees_what_was_written(text: str) -> None:
    assert seen(code(text)) == text


@given(HOSTILE)
def test_nothing_invisible_is_shown(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", seen(code(text)))


def test_long_text_ends_with_an_ellipsis() -> None:
    assert seen(code("a" * 201)) == "a" * 199 + "…"
    assert seen(code("a" * 200)) == "a" * 200
    assert len(seen(code("a b " * 50, limit=10))) == 10


@given(st.lists(st.lists(st.integers(0, 90), max_size=30), max_size=4), st.integers(400, 3000))
def test_what_does_not_fit_is_counted_and_no_row_is_broken(sizes: list[list[int]], most: int) -> None:
    blocks = [table(["#### T"], ["A", "B"], [row(["x" * size, "y"]) for size in rows]) for rows in sizes]
    text = fit(blocks, most)
    assert len(text) <= most
    shown = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 3 for line in shown)
    counted = sum(int(found.replace(",", "")) for found in re.findall(r"… and ([\d,]+) more", text))
    whole = [line for block in blocks for line in block.rows if line in shown]
    assert len(whole) + counted >= sum(len(block.rows) for block in blocks)


def test_the_first_rows_of_the_first_blocks_stay() -> None:
    blocks = [Block(head=["one"], rows=["- a", "- b"]), Block(head=["two"], rows=["- c"] * 1500, tail=["end"])]
    text = fit(blocks, 300)
    assert text.startswith("one\n- a\n- b\n\ntwo\n- c\n")
    assert text.endswith("more\nend\n")
    assert len(text) <= 300


def seen(html: str) -> str:
    """What a reader sees of it, without the joiner that only keeps mentions away."""
    text = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), html)
    return text.removeprefix("<code>").removesuffix("</code>").replace("@\u2060", "(at)")
