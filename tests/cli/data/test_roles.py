"""The options that name the role of an end, on the commands that have two."""

import os
import shlex
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from tee_infra import cli
from tee_infra.cli.output import Output
from tee_infra.core.target import AwsTarget
from tests.support.recorded_aws import record_requests
from tests.support.stand_in import checkout_at

HERE, THERE = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HERE}:role/copies"
TWO_ENDS = {
    "data copy": "--from staging --to dev --yes",
    "data sync-dev": "--from staging --to dev --yes",
    "data validate": "--from staging --to dev",
}
SOURCES = {**TWO_ENDS, "feature create": "--branch feature/x --owner ann --seed anonymized --from staging --yes"}


def run(
    monkeypatch: pytest.MonkeyPatch, folder: Path, line: str, **accounts: str
) -> tuple[int | str | None, list[str]]:
    """Exit code, and the keys and roles that were asked for a session."""
    checkout_at(folder, "http://127.0.0.1:9", **accounts)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["tee-infra", *shlex.split(line)])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("tee_infra.workflows.session.session.bootstrap_once", lambda *_: None)
    assumed: list[tuple[str, str]] = []
    record_requests(monkeypatch, {"own": HERE}, {ROLE: "role"}, assumed)
    keys = {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    with patch.dict(os.environ, keys | files), pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, [role for _, role in assumed]


@pytest.mark.parametrize("command", TWO_ENDS)
def test_each_end_takes_the_role_that_its_option_names(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"{command} {TWO_ENDS[command]} --from-role {ROLE} --to-role {ROLE}"
    code, assumed = run(monkeypatch, tmp_path, line, staging=HERE, dev=HERE)
    lines = capsys.readouterr().out.splitlines()
    assert code == 1  # the played AWS has no DynamoDB
    assert assumed == [ROLE, ROLE]
    assert lines[:3] == [f"staging, dev: AWS account {HERE}, us-east-1", f"staging: as {ROLE}", f"dev: as {ROLE}"]


@pytest.mark.parametrize(
    ("command", "option"),
    [*((command, "--from-role") for command in SOURCES), *((command, "--to-role") for command in TWO_ENDS)],
)
def test_a_role_on_the_embedded_aws_is_refused(
    command: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == "feature create":
        monkeypatch.setattr("tee_infra.cli.features.create.open_context", lambda *_, **__: _Nothing())
    code, assumed = run(monkeypatch, tmp_path, f"{command} {SOURCES[command]} {option} {ROLE}")
    assert (code, assumed) == (2, [])
    assert f"{option} names a role of an AWS account, but" in capsys.readouterr().err


def test_a_role_of_no_source_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run(monkeypatch, tmp_path, f"feature create --branch feature/x --owner ann --from-role {ROLE}")
    assert code == 2
    assert "--from-role: only valid with --seed anonymized" in capsys.readouterr().err


def test_two_places_are_one_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    Output().at(
        AwsTarget(account_id=THERE, region="us-east-1", environment="prod"),
        AwsTarget(account_id=HERE, region="us-east-1", environment="dev"),
    )
    first = f"prod: AWS account {THERE}, us-east-1; dev: AWS account {HERE}, us-east-1\n"
    assert capsys.readouterr().out == first


class _Nothing:
    def at(self, _: object) -> None:
        """No lease is looked at before the source is open."""
