"""`tee-infra run`: the command has the environment's variables, and everything else of it is its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.root import root
from tee_infra.core.defaults.environment import DefaultIsProductionError
from tee_infra.core.lifecycle.transitions import GoneError
from tee_infra.errors import UsageError
from tee_infra.workflows.control.records import UnregisteredError
from tee_infra.workflows.session import command
from tee_infra.workflows.session.command import CommandNotExecutableError, CommandNotFoundError, become
from tests.support.checkout import COMMAND, clean_environment
from tests.support.commands import invoke, json_of
from tests.support.homes import Moto, make_control_table, record_of

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
SHELL = {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL_LAMBDA": "https://aws", "HOME": "/home", "MY_OWN": "kept"}


@pytest.fixture
def registry(dynamodb: DynamoDb, moto_endpoint: str) -> ControlTable:
    """The registry of a checkout with a running embedded AWS."""
    make_control_table(Moto(endpoint=moto_endpoint))
    return ControlTable(ControlItems.connect(Moto(endpoint=moto_endpoint)))


def started(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], env=clean_environment() | SHELL, capture_output=True, text=True, timeout=60, check=False,
        **more,
    )  # fmt: skip


def test_the_command_is_a_process_of_its_own_with_the_variables(registry: ControlTable, moto_endpoint: str) -> None:
    done = started("run", "dev", "--", sys.executable, "-c", f"{SHOW}; print(input()); raise SystemExit(7)", input="in")
    assert done.returncode == 7, done.stderr
    assert done.stderr == f"dev: embedded AWS at {moto_endpoint}, us-east-1\n"
    printed, typed = done.stdout.splitlines()
    variables = json.loads(printed)
    assert typed == "in"
    assert (
        variables.items()
        >= {
            "STAGE": "dev",
            "TEE_ADMIN_TABLE": "dev-tee-admin",
            "AWS_ENDPOINT_URL": moto_endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "MY_OWN": "kept",
        }.items()
    )
    assert variables["AWS_PROFILE"] != "production"
    assert "AWS_ENDPOINT_URL_LAMBDA" not in variables


def test_signals_reach_the_command_and_end_it(registry: ControlTable) -> None:
    running = subprocess.Popen(
        [COMMAND, "run", "dev", "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"],
        env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 9
    running.stdout.close()


def test_a_feature_environment_must_live(registry: ControlTable) -> None:
    line = ("run", "feature-x", "--json", "--", "yarn", "web", "--json")
    with pytest.raises(UnregisteredError):
        invoke(root, *line)
    record = registry.write(record_of("feature-x"))
    found = json_of(invoke, root, *line)
    assert (found["environment"], found["command"]) == ("feature-x", ["yarn", "web", "--json"])
    assert found["variables"]["STAGE"] == "feature-x"
    registry.write(record.with_changes(state="destroyed", destroyed_at=record.created_at))
    with pytest.raises(GoneError):
        invoke(root, *line)


def test_production_is_named_or_not_taken(registry: ControlTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEE_ENV", "prod")
    with pytest.raises(DefaultIsProductionError):
        invoke(root, "run", "--", "true")
    assert json_of(invoke, root, "run", "prod", "--json", "--", "true")["variables"]["STAGE"] == "prod"


@pytest.mark.parametrize("line", ["run", "run dev", "run --", "run dev --local --"])
def test_without_a_command_nothing_is_contacted(line: str) -> None:
    with pytest.raises(UsageError, match="no command to run"):
        invoke(root, *line.split())


def test_words_before_the_dashes_are_no_command() -> None:
    with pytest.raises(UsageError, match="unknown environment 'yarn'"):
        invoke(root, "run", "yarn", "--", "web")


def test_a_command_that_cannot_be_run_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o600)
    monkeypatch.setattr(command.os, "execvpe", os.execve)
    before = signal.getsignal(signal.SIGPIPE)
    for name, error, code in (("nowhere", CommandNotFoundError, 127), ("text", CommandNotExecutableError, 126)):
        with pytest.raises(error) as refused:
            become([str(tmp_path / name)], {})
        assert refused.value.exit_code == code
    assert signal.getsignal(signal.SIGPIPE) == before


def test_the_exit_code_of_an_unknown_command_is_a_shells(registry: ControlTable) -> None:
    done = started("run", "dev", "--", "no-such-command", "--debug", "--json")
    assert done.returncode == 127
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("error: no-such-command: no such command. ")
