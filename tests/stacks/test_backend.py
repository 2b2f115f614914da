import pytest
from pulumi import automation as auto

from tee_infra.stacks.backend import last_error_line


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        ("error: no backend", "no backend"),
        ("warning: old\nerror: first\n  error: last ", "last"),
        ("", "the Pulumi CLI exited with code 255 and no error message; run the same command again"),
    ],
)
def test_the_last_error_line_is_told_wherever_the_cli_put_it(stderr: str, words: str) -> None:
    failed = auto.CommandError(auto.CommandResult(stdout="", stderr=stderr, code=255))
    assert last_error_line(failed) == words
