"""`local env` marks nothing in a shell that `local env --unset` does not undo."""

import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.cli.root import root
from tee_infra.cli.shell_lines import (
    SHELLS,
    UnrestorableVariableError,
    shell_of,
    taking_lines,
    undoing_lines,
)
from tee_infra.engine import Engine
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import Project
from tests.support.commands import invoke
from tests.support.stand_in import checkout_at

NAMES = ["AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_X", "MY_OWN"]
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
TAKEN = {"AWS_ENDPOINT_URL": "http://embedded", "AWS_REGION": "us-east-1"}
FOREIGN = ["AWS_PROFILE", "AWS_X"]


def evaluated(environ: dict[str, str], *scripts: list[str]) -> dict[str, str]:
    """What a POSIX shell exports after it has evaluated the scripts."""
    script = "\n".join([*(line for lines in scripts for line in lines), "env -0"])
    environ = {"PATH": "/usr/bin:/bin", **environ}
    printed = subprocess.run(["/bin/sh", "-euc", script], env=environ, capture_output=True, check=True)
    found = dict(entry.split("=", 1) for entry in printed.stdout.decode().split("\0") if entry)
    return {name: value for name, value in found.items() if name.startswith(("AWS_", "MY_", "_tee"))}


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sampled_from([1, 2]))
def test_a_shell_has_its_own_variables_back(environ: dict[str, str], times: int) -> None:
    first = taking_lines("posix", environ, TAKEN, FOREIGN)
    own = {name: value for name, value in environ.items() if name == "MY_OWN"}
    assert evaluated(environ, first) == TAKEN | own
    again = taking_lines("posix", TAKEN | own, TAKEN, FOREIGN)
    assert evaluated(environ, *[first, again][:times], undoing_lines("posix", [*TAKEN])) == environ


def test_what_the_shell_got_since_is_restored_too() -> None:
    first = taking_lines("posix", {}, TAKEN, FOREIGN)
    since = TAKEN | {"AWS_X": "it's"}
    again = taking_lines("posix", since, TAKEN, FOREIGN)
    script = [*first, f"export AWS_X={SHELLS['posix'].quote(since['AWS_X'])}", *again]
    assert evaluated({}, script) == TAKEN
    assert evaluated({}, script, undoing_lines("posix", [])) == {"AWS_X": "it's"}


def test_a_shell_that_only_inherited_them_is_without_them() -> None:
    assert evaluated(TAKEN | {"AWS_X": "1"}, undoing_lines("posix", [*TAKEN])) == {"AWS_X": "1"}
    assert evaluated({"AWS_X": "1"}, undoing_lines("posix", [])) == {"AWS_X": "1"}


def test_what_could_not_be_restored_is_not_marked() -> None:
    with pytest.raises(UnrestorableVariableError, match="AWS_PROFILE: has characters that --unset could not restore"):
        taking_lines("posix", {"AWS_PROFILE": "a\nb"}, TAKEN, FOREIGN)


@pytest.mark.parametrize(
    ("variable", "name"),
    [(None, "posix"), ("", "posix"), ("/bin/zsh", "posix"), ("/usr/bin/fish", "fish"), ("/usr/bin/pwsh", "powershell")],
)
def test_the_language_is_that_of_the_shell(variable: str | None, name: str) -> None:
    assert shell_of(variable) == name


FISH = r"""
set -q _tee_undo; and set -g _tee_undo "$_tee_undo; "'set -gx B \'\\\'\''; or set -g _tee_undo 'set -e A; set -gx B \'\\\'\''
set -e B
set -gx A 'v'
"""  # noqa: E501
POWERSHELL = """
if ($global:_tee_undo) { $global:_tee_undo += '; ' + '$env:B = ''''''''' } \
else { $global:_tee_undo = 'Remove-Item -ErrorAction Ignore Env:A; $env:B = ''''''''' }
Remove-Item -ErrorAction Ignore Env:B
$env:A = 'v'
"""


@pytest.mark.parametrize(("name", "text"), [("fish", FISH), ("powershell", POWERSHELL)])
def test_other_shells_have_their_own_quotes(name: str, text: str) -> None:
    assert taking_lines(name, {"B": "'"}, {"A": "v"}, ["B"]) == text.strip().splitlines()
    assert SHELLS["powershell"].quote("\u2019") == "'\u2019\u2019'"


def test_the_command_restores_what_it_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = checkout_at(tmp_path, "http://127.0.0.1:4580")
    project = Project(directory=tmp_path)
    own = set(embedded_aws.variables_of(project, running)) - {"NO_PROXY", "no_proxy"}
    assert own == set(embedded_aws.OWN_VARIABLES)
    monkeypatch.chdir(tmp_path)
    engine = Engine(command=tmp_path / "pulumi", version="3.0.0", language_host=None, source="path")
    environ = {"PATH": "/usr/bin:/bin", "AWS_PROFILE": "work", "NO_PROXY": "example.com", "SHELL": "/bin/bash"}
    with patch("tee_infra.cli.local.ensure_engine", lambda *_: engine), patch.dict("os.environ", environ, clear=True):
        taken = invoke(root, "local", "env").stdout
    with patch.dict("os.environ", environ, clear=True):
        undone = invoke(root, "local", "env", "--unset").stdout
    printed = subprocess.run(
        ["/bin/sh", "-c", f"{taken}\n{undone}\nenv"], env=environ, capture_output=True, text=True, check=True
    ).stdout
    found = dict(line.split("=", 1) for line in printed.splitlines())
    assert {name: value for name, value in found.items() if name not in ("PWD", "_", "SHLVL")} == environ
