"""Every reason that cleanup gives is in the docs, in the order in which rules decide, and nothing else is."""

import re
from pathlib import Path
from typing import get_args

from tee_infra.core.cleanup.decision import Action, ReasonCode


def test_the_docs_have_a_row_for_each_reason_code(root: Path) -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", (root / "docs" / "cleanup.md").read_text(), re.MULTILINE)
    assert rows == [(code, code.action) for code in ReasonCode]


def test_every_reason_code_has_one_action() -> None:
    assert {code.action for code in ReasonCode} == set(get_args(Action))
