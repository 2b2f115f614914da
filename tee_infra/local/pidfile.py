"""The note of a running embedded AWS in its directory, and the detection of a stale one."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tee_infra.local.credentials import OLDER
from tee_infra.local.private_files import write_whole

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class EmbeddedAws:
    """A running embedded AWS. `notice` is a message of its start for people, such as a snapshot set aside.

    One of a version that checked no credentials has noted none, and takes `OLDER` as any others.
    """

    endpoint: str
    provider_port: int
    pid: int
    directory: Path
    started_at: datetime
    region: str
    notice: str | None = None
    access_key: str = OLDER
    secret_key: str = field(default=OLDER, repr=False)

    @property
    def checks_credentials(self) -> bool:
        """Whether it serves only the programs that have its keys."""
        return self.access_key != OLDER

    @property
    def port(self) -> int:
        """The port of the endpoint, on loopback."""
        return int(self.endpoint.rpartition(":")[2])


def read(directory: Path) -> EmbeddedAws | None:
    """Return the process that runs in `directory`; None, and the note removed, when its process has ended."""
    try:
        noted = json.loads(_path(directory).read_text())
        running = _from_json(noted, directory)
        same_process = process_identity(running.pid) == noted["process"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError):  # a partial or foreign file: not a note of a process
        same_process, running = False, None
    if same_process:
        return running
    remove(directory)
    return None


def write(running: EmbeddedAws) -> None:
    """Note `running` in its directory, atomically."""
    noted = {
        "endpoint": running.endpoint,
        "provider_port": running.provider_port,
        "pid": running.pid,
        "process": process_identity(running.pid),
        "started_at": running.started_at.isoformat(),
        "region": running.region,
        "notice": running.notice,
        "access_key": running.access_key,
        "secret_key": running.secret_key,
    }
    write_whole(_path(running.directory), json.dumps(noted, indent=2).encode())


def remove(directory: Path) -> None:
    """Forget the process that ran in `directory`."""
    _path(directory).unlink(missing_ok=True)


def process_identity(pid: int) -> str | None:
    """Return a process's start time, which a later one with the same pid does not have. None: no such process."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _identity_from_ps(pid)
    state, started_in_ticks = after_name[0], after_name[19]
    return None if state == "Z" else started_in_ticks


def command_line(pid: int) -> list[str]:
    """Return the words with which a process of this user was started; empty for one of another user, or none."""
    try:
        if Path(f"/proc/{pid}").stat().st_uid != os.geteuid():
            return []
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        if Path("/proc/self/stat").exists():
            return []
    command = ["/bin/ps", "-o", "command=", "-u", str(os.geteuid()), "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603


def _identity_from_ps(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    shown = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


def _from_json(noted: dict[str, Any], directory: Path) -> EmbeddedAws:
    return EmbeddedAws(
        endpoint=noted["endpoint"],
        provider_port=int(noted["provider_port"]),
        pid=int(noted["pid"]),
        directory=directory,
        started_at=datetime.fromisoformat(noted["started_at"]),
        region=noted["region"],
        notice=noted["notice"],
        access_key=noted.get("access_key", OLDER),
        secret_key=noted.get("secret_key", OLDER),
    )


def _path(directory: Path) -> Path:
    return directory / "running.json"
