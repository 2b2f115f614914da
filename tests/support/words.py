"""The places in texts for people that have a refused word.

`python -m tests.support.words [DIR]` prints every place in a checkout, and how many there are.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.texts import Text, all_texts
from tests.support.word_rules import RULES, Rule


@dataclass(frozen=True)
class Place:
    """A refused word in a text."""

    text: Text
    rule: Rule
    word: str

    def __str__(self) -> str:
        return f"{self.text.file}:{self.text.line}: {self.word!r}: {self.rule.hint}"


def places(texts: Iterable[Text], rules: Iterable[Rule] = RULES) -> Iterator[Place]:
    """Every refused word in `texts`, in their order."""
    compiled = [(rule, re.compile(rule.pattern, re.IGNORECASE)) for rule in rules]
    for text in texts:
        prose = re.sub(r"`[^`]*`", "`code`", text.text)
        for rule, pattern in compiled:
            for found in pattern.finditer(text.text if rule.in_code else prose):
                yield Place(text, rule, found[0].strip())


def main(root: Path) -> None:
    """Print every place in the checkout `root`, and the count."""
    found = list(places(all_texts(root)))
    for place in found:
        sys.stdout.write(f"{place}\n")
    sys.stdout.write(f"{len(found)} places\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
