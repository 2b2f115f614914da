"""What scripts hear of a failure, whatever was raised and wherever."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tee_infra import cli
from tee_infra.cli.envelope import failure_of
from tee_infra.core.target import NoTargetError
from tee_infra.errors import RefusedError, TeeInfraError
from tests.support.commands import command_of, document


@dataclass
class Lock:
    token: str = "hunter2"


class FullOfFactsError(RefusedError):
    def __init__(self) -> None:
        self.environment = "dev"
        self.tables = ["a", "b"]
        self.left = {"table a": "no tags"}
        self.path = Path("x")
        self.lock = Lock()
        self.key = self.token = self.value = self.item = self.text = "hunter2"
        self._inner = 1
        super().__init__("something is wrong", next="Put it right: tee-infra repair dev")


def test_people_read_the_message_and_the_next_step_in_one_line() -> None:
    assert str(FullOfFactsError()) == "something is wrong. Put it right: tee-infra repair dev"
    assert str(RefusedError("something is wrong")) == "something is wrong"


def test_scripts_get_the_code_the_next_step_and_the_facts_and_never_a_secret() -> None:
    failure = failure_of(FullOfFactsError())
    assert failure.facts() == {
        "code": "full-of-facts",
        "message": "something is wrong",
        "next": "Put it right: tee-infra repair dev",
        "environment": "dev",
        "tables": ["a", "b"],
        "left": {"table a": "no tags"},
    }
    assert failure.exit_code == 3


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (NoTargetError("dev"), "no-target", 3),
        (click.UsageError("no such option"), "usage", 2),
        (KeyboardInterrupt(), "interrupted", 130),
        (click.Abort(), "interrupted", 130),
        (ValueError("two\nlines"), "unexpected", 1),
        (TeeInfraError("x"), "failed", 1),
    ],
)
def test_every_kind_of_failure_has_a_code(error: BaseException, code: str, exit_code: int) -> None:
    failure = failure_of(error)
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert "\n" not in failure.line()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "No such command 'nope'"),
        (["feature", "nope"], "No such command 'nope'"),
        (["list", "--nope"], "No such option"),
        (["repair"], "Missing argument"),
        (["show", "production-2"], "unknown environment"),
        (["down", "dev"], "--json: cannot ask"),
        (["feature", "destroy", "feature-x"], "--json: cannot ask"),
        (["data", "copy", "--from", "staging", "--to", "dev"], "--json: cannot ask"),
        (["data", "validate", "--from", "staging", "--to", "dev", "--repair-missing"], "--json: cannot ask"),
        (["list"], "no Pulumi.yaml"),
    ],
)
def test_wrong_usage_is_one_document_and_touches_nothing(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["tee-infra", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    assert ended.value.code == 2
    told = json.loads(printed.out)
    assert (told["target"], "result" in told) == (None, False)
    assert said in told["error"]["message"]
    assert printed.err
    if not isinstance(command_of(arguments), click.Group):
        document(printed.out, arguments)


def test_ctrl_c_inside_a_command_is_one_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tee_infra.cli.environments.list.find_project", interrupt)
    monkeypatch.setattr("sys.argv", ["tee-infra", "list", "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert document(capsys.readouterr().out, ["list"])["error"]["code"] == "interrupted"


def test_debug_shows_the_traceback_of_a_failed_command_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("x")

    monkeypatch.setattr("tee_infra.cli.environments.list.find_project", fail)
    monkeypatch.setattr("sys.argv", ["tee-infra", "--debug", "list", "--json"])
    with pytest.raises(ValueError, match="x"):
        cli.main()
    assert document(capsys.readouterr().out, ["list"])["error"]["code"] == "unexpected"
