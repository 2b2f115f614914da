"""`--branch` takes the name of a branch everywhere: never the next option, and nothing that git forbids."""

import pytest

from tee_infra.cli.envelope import UNEXPECTED, failure_of
from tee_infra.cli.root import root
from tests.contracts.test_help import COMMANDS
from tests.support.commands import invoke

WITH_BRANCH = [path for path, command in COMMANDS.items() if any("--branch" in each.opts for each in command.params)]
EMPTY_VARIABLE = ["--yes", "--json", "--local", "-x"]
FORBIDDEN = [
    "", " ", "\t", "\u2003", "\n", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{1}", "@", "HEAD",
    ".a", "a/.b", "a.", "a.lock", "a.lock/b", "/a", "a/", "a//b", "a\x7f", "a\x1b[31m", "a\r", "a\n::error::b",
    "feature/\udcff", "refs/heads/feature/a", "remotes/origin/feature/a", "origin/feature/a", "--", "-",
]  # fmt: skip


def test_the_commands_with_a_branch() -> None:
    assert WITH_BRANCH == ["feature create", "feature extend", "feature destroy"]


@pytest.mark.parametrize("path", WITH_BRANCH)
@pytest.mark.parametrize("branch", EMPTY_VARIABLE + FORBIDDEN)
def test_what_is_no_branch_is_wrong_usage_before_anything_is_read(path: str, branch: str) -> None:
    with pytest.raises(Exception, match="branch") as raised:
        invoke(root, *path.split(), "--branch", branch)
    failure = failure_of(raised.value)
    assert failure.exit_code == 2
    assert failure.code != UNEXPECTED
    assert "Nothing was changed" in failure.message
