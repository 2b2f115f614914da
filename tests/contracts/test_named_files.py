"""Every option that takes a path: nothing that lies there is waited for, followed, overwritten or deleted."""

import os
import shlex
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import click
import pytest

from tee_infra import cli
from tee_infra.aws.dynamodb import DynamoDb
from tests.contracts.test_which_aws import commands
from tests.support.emulator import create_tables, reset, session
from tests.support.stand_in import checkout_at

SECONDS = 20
PRECIOUS = b"precious\n"
COPY = "--from staging --to dev --yes"


class Option(NamedTuple):
    """An option with a path: what it does with it, and a command line to which `OPTION PATH` is added.

    `codes`: 3 too for a command that its conditions refuse before it looks into a place.
    """

    rule: str
    arguments: str
    codes: tuple[int, ...] = (2,)


OPTIONS = {
    ("up", "--comment"): Option("write", "dev --yes --local"),
    ("preview", "--comment"): Option("write", "dev --local"),
    ("feature create", "--comment"): Option("write", "--branch feature/x --owner ann --local"),
    ("cleanup", "--branches-file"): Option("read", "--local"),
    ("data copy", "--checkpoint"): Option("resume", COPY),
    ("data sync-dev", "--checkpoint"): Option("resume", COPY),
    ("data sync-dev", "--key-file"): Option("read", f"{COPY} --anonymize"),
    ("backup create", "--output"): Option("write folder", "dev"),
    ("archive", "--output"): Option("write folder", "prod-v1 --yes --local", (2, 3)),
    ("legacy cleanup", "--output"): Option("write folder", "--yes --local", (2, 3)),
    ("backup list", "--input"): Option("read folder", "dev"),
    ("backup restore", "--input"): Option("read folder", "dev"),
    ("backup verify", "--input"): Option("read folder", "dev"),
}


def is_path(parameter: click.Parameter) -> bool:
    return isinstance(parameter.type, click.Path | click.File) or (parameter.metavar or "").strip("[]") in (
        "FILE",
        "DIR",
    )


def test_every_option_with_a_path_has_a_rule() -> None:
    found = {
        (path, parameter.opts[0]) for path, command in commands() for parameter in command.params if is_path(parameter)
    }
    assert found == OPTIONS.keys()


# Each makes something at a path, which may not exist; returns the path to name.


def foreign(path: Path) -> str:
    path.write_bytes(PRECIOUS)
    return str(path)


def foreign_without_a_newline(path: Path) -> str:
    path.write_bytes(PRECIOUS.strip())
    return str(path)


def foreign_json(path: Path) -> str:
    path.write_bytes(b'{"source": "a", "target": "b", "tables": [], "segments": 1, "thesis": "precious"}\n')
    return str(path)


def link(path: Path) -> str:
    path.with_name("target").write_bytes(PRECIOUS)
    path.symlink_to("target")
    return str(path)


def link_to_a_folder(path: Path) -> str:
    path.with_name("folder").mkdir()
    path.symlink_to("folder")
    return str(path)


def dangling_link(path: Path) -> str:
    path.symlink_to("nowhere")
    return str(path)


def looping_link(path: Path) -> str:
    path.symlink_to(path.name)
    return str(path)


def hard_link(path: Path) -> str:
    path.with_name("target").write_bytes(b"")  # empty, so that its content is no reason
    path.hardlink_to(path.with_name("target"))
    return str(path)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return str(path)


def bound_socket(path: Path) -> str:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)  # the address of a socket has at most 107 bytes
        listener.bind(path.name)
        os.chdir(here)
    return str(path)


def device(_path: Path) -> str:
    return "/dev/null"


def endless_device(_path: Path) -> str:
    return "/dev/zero"


def folder(path: Path) -> str:
    path.mkdir()
    return str(path)


def folder_of_another(path: Path) -> str:
    path.mkdir()
    (path / "thesis").write_bytes(PRECIOUS)
    return str(path)


def folder_with_a_pipe(path: Path) -> str:
    path.mkdir()
    os.mkfifo(path / "pipe")
    return str(path)


def folder_with_a_linked_table(path: Path) -> str:
    path.with_name("elsewhere").mkdir()
    (path.with_name("elsewhere") / "0000.json.gz").write_bytes(PRECIOUS)
    path.mkdir()
    (path / "tee-admin").symlink_to("../elsewhere")
    return str(path)


def interrupted_backup_with_a_foreign_file(path: Path) -> str:
    path.mkdir()
    (path / "UNFINISHED.json").write_text('{"environment": "dev", "started_at": "2026-01-01T00:00:00Z"}')
    (path / "thesis").write_bytes(PRECIOUS)
    return str(path)


def interrupted_backup_of_another(path: Path) -> str:
    path.mkdir()
    (path / "UNFINISHED.json").write_text('{"environment": "prod", "started_at": "2026-01-01T00:00:00Z"}')
    (path / "tee-admin").mkdir()
    (path / "tee-admin" / "0000.json.gz").write_bytes(PRECIOUS)
    return str(path)


def missing(path: Path) -> str:
    return str(path)


def missing_parent(path: Path) -> str:
    return str(path / "below" / "it")


def below_a_file(path: Path) -> str:
    path.write_bytes(PRECIOUS)
    return str(path / "below")


def long_name(path: Path) -> str:
    return str(path.with_name("n" * 256))


def forbidden(_path: Path) -> str:
    return "/sys/tee-infra"  # where not even root may write


def no_text(path: Path) -> str:
    path.write_bytes(b"\xff\xfe\x00" * 20)
    return str(path)


def address(text: str) -> Callable[[Path], str]:
    def given(_path: Path) -> str:
        return text

    given.__name__ = text or "empty"
    return given


ADDRESSES = [
    address(text)
    for text in (
        "", " ", "S3://bucket/prefix", "s3:/bucket/prefix", "s3:bucket", " s3://bucket/prefix", "'s3://bucket/x'",
        "gs://bucket/prefix", "file:///tmp/x", "https://bucket.s3.amazonaws.com/x", "arn:aws:s3:::bucket/x",
        "~/backups", "s3a://bucket/x", "azblob://x", "s3://", "s3://bucket",
    )
]  # fmt: skip
WRITTEN = [
    foreign, foreign_without_a_newline, foreign_json, link, link_to_a_folder, dangling_link, looping_link, hard_link,
    pipe, bound_socket, device, folder, below_a_file, long_name, forbidden,
]  # fmt: skip
TRAPS = {
    "write": [*WRITTEN, missing_parent],
    "resume": WRITTEN,
    "read": [
        pipe, bound_socket, device, endless_device, folder, missing, missing_parent, below_a_file, long_name,
        dangling_link, looping_link, no_text,
    ],
    "write folder": [
        *ADDRESSES, foreign, link, link_to_a_folder, dangling_link, looping_link, pipe, bound_socket, device,
        folder_of_another, folder_with_a_pipe, folder_with_a_linked_table, interrupted_backup_with_a_foreign_file,
        interrupted_backup_of_another, below_a_file, long_name, forbidden,
    ],
    "read folder": [
        *ADDRESSES, foreign, dangling_link, looping_link, pipe, bound_socket, device, missing, below_a_file, long_name,
    ],
}  # fmt: skip
CASES = [
    pytest.param(option, trap, id=f"{' '.join(option)} {trap.__name__}")
    for option, row in OPTIONS.items()
    for trap in TRAPS[row.rule]
]


@pytest.fixture(scope="module")
def tables(moto_endpoint: str) -> Iterator[str]:
    reset(moto_endpoint)
    dynamodb = DynamoDb(session(), moto_endpoint)
    for environment in ("staging", "dev"):
        create_tables(dynamodb, environment)
    yield moto_endpoint
    reset(moto_endpoint)


@pytest.fixture
def checkout(tables: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run; `aside` beside it is where paths lead."""
    here = tmp_path / "checkout"
    here.mkdir()
    (tmp_path / "aside").mkdir()
    checkout_at(here, tables)
    monkeypatch.chdir(here)
    return here


def everything(folder: Path) -> dict[str, object]:
    """Mode, kind, link and content of all there is."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        kind = path.lstat().st_mode
        content = path.read_bytes() if stat.S_ISREG(kind) else path.readlink() if stat.S_ISLNK(kind) else None
        found[str(path.relative_to(folder))] = (kind, content)
    return found


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code; a command that hangs fails the test."""
    monkeypatch.setattr(sys, "argv", ["tee-infra", *shlex.split(command)])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    shell = {"PATH": os.environ["PATH"], "HOME": str(Path.cwd()), "AWS_EC2_METADATA_DISABLED": "true"}
    signal.alarm(SECONDS)  # without a handler: SIGALRM ends the process
    try:
        with patch.dict(os.environ, shell, clear=True), pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        signal.alarm(0)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(("option", "trap"), CASES)
def test_a_path_that_cannot_be_used_is_refused_in_one_line_without_damage(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: tuple[str, str],
    trap: Callable[[Path], str],
) -> None:
    path = trap(checkout.parent / "aside" / "name")
    before, here = everything(checkout.parent / "aside"), everything(checkout)
    command, name = option
    code = run(f"{command} {OPTIONS[option].arguments} {name} {shlex.quote(path)}", monkeypatch)
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert code in OPTIONS[option].codes
    assert len(errors) == 1
    assert "--debug" not in errors[0]
    assert everything(checkout.parent / "aside") == before
    assert everything(checkout) == here
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
