"""The Pulumi CLI as a process: with a time limit, and a graceful end on Ctrl-C and on the loss of the lock."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import semver
from pulumi import automation as auto
from pulumi.automation.errors import create_command_error

from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.errors import TeeInfraError

SECONDS: Final = 3600.0
"""An index on a big table takes the longest; a run beyond this is stuck."""
GRACE_SECONDS: Final = 120.0
_WATCH_SECONDS: Final = 0.1
_TUNED: Final = {"GOGC": "400"}
"""Go collects garbage in a tenth of a short run's time; this saves most of that for 12 MB (CLI 3.259).

The shell's own value wins.
"""

Check = Callable[[], None]
"""Raises `LockLostError` once the lock of the run was lost. Another error means that this is not known now."""


class Cli(auto.PulumiCommand):
    """A CLI that `tee_infra.engine` has found and checked.

    The base class runs it once more for its version, has no time limit, and on Ctrl-C leaves the engine running
    with its lock. Here the engine gets the one interrupt that it ends cleanly on: it is kept out of the terminal's
    process group, because a second interrupt aborts it at once. It writes to files instead of pipes: when this
    process is killed, the engine finishes its steps instead of dying on its next line of output.
    """

    def __init__(
        self, command: Path, version: str, shell: Mapping[str, str] = os.environ, check: Check = lambda: None
    ) -> None:
        """`shell` has the variables that it gets besides those of each call. `check` is called while it runs."""
        self._shell = shell
        self._check = check
        self.command = str(command)
        self.version = semver.VersionInfo.parse(version)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: auto.OnOutput | None = None,  # noqa: ARG002  # events tell more than lines
        on_error: auto.OnOutput | None = None,  # noqa: ARG002
    ) -> auto.CommandResult:
        """Run it until it exits.

        Raises `auto.CommandError`, and `KeyboardInterrupt` or `LockLostError` once the engine has ended.
        """
        path = os.pathsep.join(
            [str(Path(self.command).parent), additional_env.get("PATH", self._shell.get("PATH", ""))]
        )
        with TemporaryFile() as out, TemporaryFile() as err:
            process = subprocess.Popen(  # noqa: S603
                [self.command, "--non-interactive", *args],
                cwd=cwd,
                env={**_TUNED, **self._shell, **additional_env, "PATH": path, "PULUMI_AUTOMATION_API": "true"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
            code = _wait(process, self._check)
            result = auto.CommandResult(stdout=_text(out), stderr=_text(err), code=code)
        if code:
            raise create_command_error(result)
        return result


def _wait(process: subprocess.Popen[bytes], check: Check) -> int:
    deadline = time.monotonic() + SECONDS
    try:
        while time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=_WATCH_SECONDS)
            try:
                check()
            except LockLostError:
                raise
            except TeeInfraError:
                continue
    except (KeyboardInterrupt, LockLostError):
        _end(process)
        raise
    return _end(process)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Interrupt the engine, which finishes its current steps, writes its state and releases its lock."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=GRACE_SECONDS)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.kill()
        return process.wait()


def _text(written: IO[bytes]) -> str:
    written.seek(0)
    return written.read().decode(errors="replace").strip()
