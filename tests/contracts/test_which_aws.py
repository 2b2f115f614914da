"""Which AWS every command goes to: environment x shell x command, from the command tree itself."""

import logging
import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from tee_infra import cli, local
from tee_infra.engine import Engine, EngineUnavailableError
from tee_infra.stacks import Backend
from tee_infra.workflows import doctor
from tee_infra.workflows.environments import list as listing
from tee_infra.workflows.environments import show
from tee_infra.workflows.session import session
from tests.support.emulator import empty_tables, reset, serve_moto
from tests.support.recorded_aws import record_requests
from tests.support.stand_in import ENVIRONMENTS, checkout_at
from tests.support.typical_lines import COMMANDS, ELSEWHERE, NO_AWS, OVERVIEWS, commands

ACCOUNT, OTHER = "111122223333", "444455556666"
DIVERSION = "Nothing was contacted"


class Shell(NamedTuple):
    """Variables, and how the command ends where the settings name an account: exit code and a part of the error."""

    variables: Mapping[str, str]
    code: int
    said: str


KEYS = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
OWN, OTHERS = (dict.fromkeys(KEYS, key) for key in ("own", "other"))
PROXIES = [spelt for name in ("HTTP", "HTTPS", "ALL", "GRPC") for spelt in (f"{name}_PROXY", f"{name}_proxy".lower())]
SHELLS = {
    "plain": Shell({}, 1, "there are no credentials"),
    "local env": Shell(
        {
            **dict.fromkeys(KEYS, "embedded"),
            "AWS_ENDPOINT_URL": "EMBEDDED",
            "PULUMI_DEBUG_PROVIDERS": "aws:1",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        3,
        DIVERSION,
    ),
    "only its endpoint": Shell(OWN | {"AWS_ENDPOINT_URL": "EMBEDDED"}, 3, DIVERSION),
    "an endpoint for DynamoDB": Shell(OWN | {"AWS_ENDPOINT_URL_DYNAMODB": "EMBEDDED"}, 3, DIVERSION),
    "an endpoint in the profile": Shell(OWN | {"AWS_CONFIG_FILE": "CONFIG"}, 3, DIVERSION),
    "another account": Shell(OTHERS, 3, f"these credentials belong to {OTHER}"),
    "a broken profile": Shell(OWN | {"AWS_PROFILE": "nobody"}, 1, "The config profile (nobody) could not be found"),
    "a proxy": Shell(OWN | dict.fromkeys(PROXIES, "PROXY"), 1, "AccessDenied"),
    "a hostile set-up": Shell(
        OTHERS | {"AWS_SESSION_TOKEN": "x", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_CA_BUNDLE": "/nowhere"},
        3,
        f"these credentials belong to {OTHER}",
    ),
}
each_shell = pytest.mark.parametrize("shell", SHELLS)
DIVERTED = [name for name, shell in SHELLS.items() if shell.said == DIVERSION]
each_kind_of_shell = pytest.mark.parametrize("shell", [name for name in SHELLS if name not in DIVERTED[1:]])


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log of requests is nothing that a command said
    with serve_moto() as endpoint:
        reset(endpoint)  # every server of this process keeps its items in the same place
        yield endpoint


@pytest.fixture
def proxy() -> Iterator[str]:
    """A proxy that nobody may talk to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            listener.accept()


class Ended(NamedTuple):
    code: int | str | None
    lines: list[str]
    errors: list[str]
    asked: set[str]


class Machine:
    """A checkout with a running embedded AWS, a shell, and AWS's own hosts, all played in this process."""

    def __init__(self, folder: Path, moto: str, proxy: str, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
        self.folder, self.moto, self._proxy = folder, moto, proxy
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.asked = record_requests(monkeypatch, {"own": ACCOUNT, "other": OTHER})
        (folder / "config").write_text(f"[default]\nendpoint_url = {moto}\n")
        monkeypatch.chdir(folder)

    def run(self, command: str, shell: str, *, named: bool) -> Ended:
        checkout_at(self.folder, self.moto, **(dict.fromkeys(ENVIRONMENTS, ACCOUNT) if named else {}))
        self._monkeypatch.setattr(sys, "argv", ["tee-infra", *shlex.split(command)])
        variables = patch.dict(os.environ, self._variables(SHELLS[shell].variables), clear=True)
        with variables, pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        lines = (printed.out + printed.err).splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        return Ended(ended.value.code, [line for line in lines if line not in errors], errors, set(self.asked))

    def _variables(self, shell: Mapping[str, str]) -> dict[str, str]:
        places = {"EMBEDDED": self.moto, "PROXY": self._proxy, "CONFIG": str(self.folder / "config")}
        nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TEE_ANONYMIZE_KEY": "k" * 40}
        base |= nothing | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
        return base | {name: places.get(value, value) for name, value in shell.items()}


@pytest.fixture
def machine(
    tmp_path: Path, moto: str, proxy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Machine:
    """Starting anything is an error; the engine is there to read states, and cannot be had to drive a stack."""
    empty_tables()
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(local, "start", lambda *_, **__: pytest.fail("started"))
    monkeypatch.setattr(doctor, "engine_findings", lambda _: ())
    monkeypatch.setattr(session, "ensure_engine", _no_engine)
    engine = Engine(command=tmp_path / "pulumi", version="3.0.0", language_host=None, source="path")
    for reader in (listing, show):
        monkeypatch.setattr(reader, "find_engine", lambda _: engine)
    monkeypatch.setattr(Backend, "entries", lambda _: [])
    monkeypatch.setattr(Backend, "outputs", lambda *_: {})
    return Machine(tmp_path, moto, proxy, monkeypatch, capsys)


def _no_engine(*_: object) -> Engine:
    raise EngineUnavailableError(reasons=("none in this test",))


NOTHING_YET = "rollback", "migrate tail"
"""Refused here: there is no switch to take back, and no other slot to follow."""


@each_kind_of_shell
@pytest.mark.parametrize("command", COMMANDS)
def test_an_environment_without_an_account_is_on_the_embedded_aws(machine: Machine, command: str, shell: str) -> None:
    ended = machine.run(f"{command} {COMMANDS[command]}", shell, named=False)
    assert ended.asked <= {machine.moto.removeprefix("http://")}
    assert ended.lines[0].endswith(f": embedded AWS at {machine.moto}, us-east-1"), ended.lines
    assert ended.code in (0, 1, 2, 5) or command in NOTHING_YET, ended.errors
    assert len(ended.errors) == (0 if ended.code == 0 else 1)


@each_shell
@pytest.mark.parametrize("command", COMMANDS)
def test_a_named_account_is_where_it_goes_or_it_is_refused(machine: Machine, command: str, shell: str) -> None:
    ended = machine.run(f"{command} {COMMANDS[command]}", shell, named=True)
    expected = SHELLS[shell]
    assert all("amazonaws.com" in host for host in ended.asked)
    if shell == "a proxy":
        assert ended.lines[0].endswith(f": AWS account {ACCOUNT}, us-east-1"), ended.lines
        assert ended.asked
        return
    assert len(ended.errors) == 1, ended.lines
    assert expected.said in ended.errors[0]
    assert ended.code == expected.code
    if shell in DIVERTED:
        assert not ended.asked


@pytest.mark.parametrize("shell", ["local env", "a hostile set-up"])
@pytest.mark.parametrize("command", COMMANDS)
def test_local_is_the_embedded_aws_for_any_environment(machine: Machine, command: str, shell: str) -> None:
    ended = machine.run(f"{command} --local {COMMANDS[command]}", shell, named=True)
    assert ended.asked <= {machine.moto.removeprefix("http://")}
    assert ended.lines[0].endswith(f": embedded AWS at {machine.moto}, us-east-1"), ended.lines
    assert ended.code in (0, 1, 2, 5) or command in NOTHING_YET, ended.errors


@each_shell
@pytest.mark.parametrize("command", OVERVIEWS)
def test_an_account_that_cannot_be_reached_breaks_no_overview(machine: Machine, command: str, shell: str) -> None:
    ended = machine.run(command, shell, named=True)
    assert f"prod, staging, dev, test: AWS account {ACCOUNT}, us-east-1" in _sorted(ended.lines[0]), ended.lines
    if command == "list":
        assert ended.code == 0
        rows = [line for line in ended.lines if line.startswith(("prod ", "dev "))]
        assert all(ACCOUNT in row for row in rows)
        if shell != "a proxy":
            assert all(SHELLS[shell].said in row for row in rows)


def _sorted(line: str) -> str:
    names, _, where = line.partition(": ")
    return f"{', '.join(sorted(names.split(', '), key=ENVIRONMENTS.index))}: {where}"


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("plain", "the AWS account of this shell: there are no credentials"),
        ("local env", "dev-tee-admin: embedded AWS at "),
        ("another account", f"dev-tee-admin: AWS account {OTHER}, us-east-1"),
        ("a broken profile", "The config profile (nobody) could not be found"),
        ("a proxy", f"dev-tee-admin: AWS account {ACCOUNT}, us-east-1"),
    ],
)
@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_belongs_to_no_environment_is_where_the_shell_leads(
    machine: Machine, command: str, shell: str, said: str
) -> None:
    ended = machine.run(f"{command} {ELSEWHERE[command]}", shell, named=True)
    assert said in [*ended.lines, *ended.errors][0]
    assert len(ended.errors) == 1


def test_every_command_has_a_row() -> None:
    assert set(dict(commands())) == COMMANDS.keys() | OVERVIEWS.keys() | ELSEWHERE.keys() | NO_AWS


def test_every_command_that_can_reach_aws_takes_local() -> None:
    without = {
        name for name, command in commands() if not any("--local" in parameter.opts for parameter in command.params)
    }
    assert without == NO_AWS - {"env export"}
