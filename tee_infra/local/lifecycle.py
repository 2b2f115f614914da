"""Start, find and stop the background process."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tee_infra.local import pidfile, ports
from tee_infra.local.errors import DirectoryBusyError, StartFailedError
from tee_infra.local.pidfile import EmbeddedAws
from tee_infra.local.private_files import create_private, private_folder
from tee_infra.local.sealed import seal_again
from tee_infra.local.user_key import user_key

START_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.02
SERVER = "tee_infra.local.server"


def start(directory: Path, *, port: int | None = None) -> EmbeddedAws:
    """Return the embedded AWS of `directory`, started when it was not running; it is healthy when this returns.

    `port` is the endpoint's, the provider takes the one after it. A running one is returned unchanged, on any
    port; only one of a version that serves everybody is replaced, with what it holds. Raises PortInUseError,
    NoFreePortError, StartFailedError, DirectoryBusyError and KeyRefusedError.
    """
    directory = directory.resolve()
    user_key()
    private_folder(directory)
    with _only_one(directory):
        running = pidfile.read(directory)
        if running is not None and running.checks_credentials:
            return running
        if running is not None and _is_ours(running.pid):
            _stop(running)
        running = _start(directory, port)
        ports.remember(directory, running.port)
        return running


def status(directory: Path) -> EmbeddedAws | None:
    """Return the embedded AWS that runs in `directory`, or None; a stale note is removed."""
    return pidfile.read(directory.resolve())


def stop(directory: Path) -> bool:
    """Save the contents of the embedded AWS of `directory` and end it. False when it was not running.

    Raises DirectoryBusyError when another start or stop does not end in time, and KeyRefusedError before anything ends.
    """
    directory = directory.resolve()
    if not directory.is_dir():
        return False
    with _only_one(directory):
        running = pidfile.read(directory)
        if running is None:
            return False
        _stop(running)
        return True


def _stop(running: EmbeddedAws) -> None:
    """What an older version saves is not sealed. It comes from its own process, so the seal is made up for."""
    key = user_key()
    _end(running.pid)
    pidfile.remove(running.directory)
    if not running.checks_credentials:
        seal_again(running.directory / "snapshot", key)


def _is_ours(pid: int) -> bool:
    """Whether a process is this program's: a note without keys may come from another person's checkout."""
    return SERVER in pidfile.command_line(pid)


def _start(directory: Path, asked: int | None) -> EmbeddedAws:
    lost: set[int] = set()
    while True:
        chosen = ports.choose(directory, asked, without=lost)
        process = _spawn(directory, chosen)
        running = _wait_until_healthy(directory, process)
        if running is not None:
            return running
        if process.returncode != ports.PORT_TAKEN:
            raise StartFailedError(_log(directory), _last_line(_log(directory)))
        lost.add(chosen)


def _spawn(directory: Path, port: int) -> subprocess.Popen[bytes]:
    _log(directory).unlink(missing_ok=True)  # of the last start, perhaps readable by others
    with os.fdopen(create_private(_log(directory)), "wb") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", SERVER, str(directory), str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=_process_environment(),
            start_new_session=True,
            umask=0o077,
        )


def _process_environment() -> dict[str, str]:
    """The process gets none of the caller's AWS and proxy settings; it sends requests only to itself."""
    foreign = ("AWS_", "MOTO_", "PULUMI_", "GRPC_", "BOTO")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(foreign) and not name.lower().endswith("_proxy")
    }
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "*",
        "no_proxy": "*",
    }


def _wait_until_healthy(directory: Path, process: subprocess.Popen[bytes]) -> EmbeddedAws | None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = pidfile.read(directory)  # written by the process once both of its ports answer
        if running is not None and running.pid == process.pid:
            return running
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    return None


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _end(pid: int) -> None:
    identity = pidfile.process_identity(pid)
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if pidfile.process_identity(pid) != identity:
                return
            time.sleep(POLL_SECONDS)


@contextmanager
def _only_one(directory: Path) -> Generator[None]:
    """A second start at the same time waits, and then finds the first one's process running."""
    seconds = START_SECONDS + STOP_SECONDS
    with (directory / "lock").open("w") as lock:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DirectoryBusyError(directory, seconds) from None
                time.sleep(POLL_SECONDS)
        yield


def _log(directory: Path) -> Path:
    return directory / "log"
