"""A checkout of its own with an embedded AWS of its own, driven as a user would drive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import yaml
from click.testing import CliRunner

from tee_infra import cli, local
from tee_infra.core import names
from tee_infra.core.environments import parse_environment
from tee_infra.local import pidfile
from tee_infra.stacks import Stack
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.session import open_session
from tee_infra.workflows.session.stack_session import StackSession, open_stack
from tests.support.commands import document
from tests.support.stand_in import Told

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("tee-infra")
SECONDS = 120
FOREIGN = ("AWS_", "PULUMI_", "STAGE", "NODE_ENV", "TEE_INFRA_DIR", "TEE_ENV")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
    arguments: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The result of a `tee-infra` command."""
        return document(self.out, self.arguments)["result"]


@dataclass(frozen=True)
class Checkout:
    """A copy of the stack files, with the virtual environment of the tests.

    `in_process`: commands run in this process, which spares each of them the imports.
    """

    directory: Path
    in_process: bool = False
    _shell: dict[str, str] = field(default_factory=dict[str, str])

    def tee(self, *arguments: str, typed: str = "", **variables: str) -> Done:
        """Run `tee-infra`."""
        if not self.in_process:
            return self.tee_process(*arguments, typed=typed, **variables)
        self._shell.clear()
        with chdir(self.directory):
            return call_main(arguments, typed, clean_environment() | variables)

    def tee_process(self, *arguments: str, typed: str = "", **variables: str) -> Done:
        """Run `tee-infra` as a process, also where others go on at once."""
        self._shell.clear()
        return self._run([str(COMMAND), *arguments], typed, clean_environment() | variables)

    def pulumi(self, *arguments: str, **variables: str) -> Done:
        """Run plain `pulumi` in a shell that has taken `tee-infra local env`."""
        return self._run(["pulumi", "--non-interactive", *arguments], "", self.shell() | variables)

    def shell(self) -> dict[str, str]:
        """The variables after `eval "$(tee-infra local env)"`."""
        if not self._shell:
            self._shell.update(self._take_shell())
        return dict(self._shell)

    def _take_shell(self) -> dict[str, str]:
        exports = self.tee("local", "env")
        assert exports.code == 0, exports.err
        printed = subprocess.run(
            ["sh", "-c", f"{exports.out}\nenv -0"], env=clean_environment(), capture_output=True, text=True, check=True
        ).stdout
        return dict(line.split("=", 1) for line in printed.split("\0") if "=" in line)

    def set(self, stack: str, **settings: Any) -> None:
        """Change settings in a stack file; None removes one."""
        path = self.directory / f"Pulumi.{stack}.yaml"
        document = yaml.safe_load(path.read_text())
        found = document["config"]["tee-infra:environment"] | settings
        document["config"]["tee-infra:environment"] = {key: value for key, value in found.items() if value is not None}
        path.write_text(yaml.safe_dump(document))

    def add(self, stack: str, **settings: Any) -> None:
        """Write a new stack file."""
        document = {"config": {"tee-infra:environment": {"name": stack, "owner": "platform", **settings}}}
        (self.directory / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(document))

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        shell = self.shell()
        return boto3.client(
            service,  # pyright: ignore[reportArgumentType]
            endpoint_url=shell["AWS_ENDPOINT_URL"],
            region_name=shell["AWS_REGION"],
            aws_access_key_id=shell["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=shell["AWS_SECRET_ACCESS_KEY"],
        )

    def tables(self) -> list[str]:
        """Every table of an environment."""
        return sorted(set(self.client("dynamodb").list_tables()["TableNames"]) - {names.CONTROL_TABLE})

    @property
    def embedded(self) -> Path:
        """Where its embedded AWS keeps what it holds."""
        return Project(directory=self.directory).embedded_directory

    def open(self, name: str) -> StackSession:
        """The stack in this process, for tests that change the program."""
        project = Project(directory=self.directory)
        return open_stack(open_session(project, parse_environment(name), Told(), local=True, start=True))

    def stack(self, name: str) -> Stack:
        return self.open(name).stack

    def _run(self, command: list[str], typed: str, environ: dict[str, str]) -> Done:
        ended = subprocess.run(
            command, cwd=self.directory, env=environ, input=typed, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        return spared(Done(ended.returncode, ended.stdout, ended.stderr, tuple(command[1:])))


def call_main(arguments: Sequence[str], typed: str, environ: Mapping[str, str]) -> Done:
    """What the installed command does, in this process and with only these variables."""
    runner, signals = CliRunner(), {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with (
        patch.object(sys, "argv", ["tee-infra", *arguments]),
        patch.object(sys.modules["__main__"], "__package__", ""),  # click recognizes `python -m` by it
        runner.isolation(typed) as (out, err, _),
        patch.dict(os.environ, environ, clear=True),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        finally:
            for number, handler in signals.items():
                signal.signal(number, handler)
    assert isinstance(code, int)
    return spared(Done(code, out.getvalue().decode(), err.getvalue().decode(), tuple(arguments)))


def spared(done: Done) -> Done:
    """Whatever goes wrong, people are spared tracebacks."""
    assert "Traceback" not in done.err + done.out, done.err + done.out
    return done


def clean_environment() -> dict[str, str]:
    """This process's variables without AWS, Pulumi or a stage; the engine's own files stay among those of the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return clean | {"PULUMI_HOME": os.environ["PULUMI_HOME"]}


def copy_stack_files(directory: Path) -> None:
    """What a checkout needs in `directory`."""
    for path in [*ROOT.glob("Pulumi*.yaml"), ROOT / "__main__.py"]:
        (directory / path.name).write_bytes(path.read_bytes())
    (directory / ".venv").symlink_to(sys.prefix)


@contextmanager
def checkout_in(directory: Path) -> Iterator[Checkout]:
    """A fresh checkout with nothing running, whose commands are processes; its embedded AWS is ended afterwards."""
    copy_stack_files(directory)
    checkout = Checkout(directory)
    try:
        yield checkout
    finally:
        end_embedded_aws(checkout.embedded)


def end_embedded_aws(directory: Path) -> None:
    """Without a last save, which no test would read."""
    if running := local.status(directory):
        kill_9(running.pid)


def kill_9(pid: int) -> None:
    """Its process is gone afterwards, which takes the kernel a moment."""
    os.kill(pid, signal.SIGKILL)
    while pidfile.process_identity(pid):
        time.sleep(0.01)
