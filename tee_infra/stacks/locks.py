"""Locks of the file backend that dead processes of this machine left."""

import json
import os
import socket
from pathlib import Path


def remove_dead_locks(state: Path, project: str, name: str) -> list[str]:
    """Remove the locks of stack `name` whose process ran on this machine and has ended; say whose they were.

    `state` is the folder of a file backend that only this machine uses. `pulumi cancel` would remove every lock, those
    of runs that go on too. A lock that cannot be read is empty because its writer died while it wrote.
    """
    removed: list[str] = []
    for path in sorted((state / ".pulumi" / "locks" / "organization" / project / name).glob("*.json")):
        try:
            lock = json.loads(path.read_bytes() or b"{}")
            pid, host = int(lock.get("pid", 0)), lock.get("hostname", socket.gethostname())
        except (OSError, ValueError, AttributeError):
            continue
        if host == socket.gethostname() and not _is_running(pid):
            path.unlink(missing_ok=True)
            removed.append(f"process {pid}, since {lock.get('timestamp', 'unknown')}")
    return removed


def _is_running(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
