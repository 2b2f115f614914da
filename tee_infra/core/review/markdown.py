"""GitHub's Markdown: escaped text from outside, tables, and cutting to the size of a comment."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tee_infra.core.printable import printable

# All other characters are written as character references, which are never structure in Markdown (CommonMark 0.31,
# 2.5), and so are two marks that GitHub would turn into links: `www.` and `://`.
_HARMFUL: Final = re.compile(r"[^0-9A-Za-z \-,./()=;:']|(?<=www)\.|:(?=//)", re.IGNORECASE)
_JOINER: Final = "&#8288;"
"""A word joiner. GitHub finds mentions and addresses after rendering the Markdown, so escaping the @ is not enough."""


def code(text: str, limit: int = 200) -> str:
    """Text from outside on one line, cut to `limit` characters: neither Markdown, HTML, link nor mention."""
    line = printable(" ".join(text.split()))
    if len(line) > limit:
        line = f"{line[: limit - 1]}…"
    return f"<code>{_HARMFUL.sub(_reference, line)}</code>" if line else ""


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};{_JOINER if found[0] == '@' else ''}"


def row(cells: Iterable[str]) -> str:
    """One row of a table. Cells are Markdown on one line."""
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of a document whose `rows` may be cut between two of them. `head` and `tail` are never cut.

    `rows` may be fewer than the block's `total`; `columns` are those of their table, 0 for a list.
    """

    head: Sequence[str]
    rows: Sequence[str] = ()
    total: int = 0
    tail: Sequence[str] = ()
    columns: int = 0

    def cut(self, kept: int) -> list[str]:
        """Its lines with only `kept` rows, and the number of rows left out."""
        left = max(self.total, len(self.rows)) - kept
        more = [] if left == 0 else [self._more(left)]
        return [*self.head, *self.rows[:kept], *more, *self.tail, ""]

    def _more(self, left: int) -> str:
        text = f"… and {left:,} more"
        return row([text, *[""] * (self.columns - 1)]) if self.columns else f"- {text}"


def table(
    title: Sequence[str], headings: Sequence[str], rows: Sequence[str], *, total: int = 0, tail: Sequence[str] = ()
) -> Block:
    """A table under its title."""
    head = [*title, "", row(headings), row(["---"] * len(headings))]
    return Block(head=head, rows=rows, total=total, tail=tail, columns=len(headings))


def fit(blocks: Sequence[Block], limit: int) -> str:
    """The blocks joined to at most `limit` characters: the last rows of the last blocks are cut first."""
    room = limit - len(_text(block.cut(0) for block in blocks))
    shown: list[list[str]] = []
    for block in blocks:
        kept = 0
        for line in block.rows:
            if len(line) + 1 > room:
                break
            room -= len(line) + 1
            kept += 1
        shown.append(block.cut(kept))
    return _text(shown)


def _text(blocks: Iterable[Sequence[str]]) -> str:
    return "".join(f"{line}\n" for lines in blocks for line in lines).rstrip("\n") + "\n"
