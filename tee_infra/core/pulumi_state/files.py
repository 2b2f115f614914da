"""The files of the engine's self-managed backend: their names, and how to read a lock.

Names are relative to the backend's `.pulumi` folder. Layout of the CLI 3.259, gzip off.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from tee_infra.core.times import parse_time

PIPELINE_LIMIT: Final = timedelta(hours=1)
"""The holder of an older lock of a pipeline has ended: `stacks.cli` ends every run of the engine after an hour."""

# The names of GitHub-hosted runners, `fv-az1125-168` and `runnervmi13qx`, whose user is `runner`.
# Self-hosted runners have other names: whether such a machine has ended is unknown.
_PIPELINE_USER = "runner"
_PIPELINE_HOST = re.compile(r"fv-az[0-9]+(-[0-9]+)?|runnervm[a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class StackLock:
    """A lock file of the engine's. `since` is None where the file does not say.

    `breakable`: its writer was a pipeline's or this machine's, has ended, and it is older than the limit.
    """

    holder: str
    since: datetime | None
    breakable: bool


def state_folder(backend_url: str) -> str | None:
    """The place of a backend's (`PULUMI_BACKEND_URL`) files: `s3://bucket/.pulumi`, `/folder/.pulumi`.

    None for one without readable files: a service, one that was chosen with `pulumi login`, and what is no URL.
    """
    try:
        url = urlsplit(backend_url)
    except ValueError:
        return None
    if url.scheme not in ("s3", "file"):
        return None
    return f"{'s3://' if url.scheme == 's3' else ''}{url.netloc}{url.path.rstrip('/')}/.pulumi"


def checkpoints_folder(project: str) -> str:
    """The folder with one checkpoint for each stack."""
    return f"stacks/{project}"


def checkpoint_file(project: str, stack: str) -> str:
    """The checkpoint of a stack."""
    return f"{checkpoints_folder(project)}/{stack}.json"


def locks_folder(project: str, stack: str = "") -> str:
    """The folder with the lock files of a stack, or of all in folders of their own."""
    return "/".join(filter(None, ("locks/organization", project, stack)))


def backups_folder(project: str, stack: str) -> str:
    """The folder with earlier checkpoints of a stack; their names grow with time."""
    return f"backups/{project}/{stack}"


def stack_names(files: Iterable[str]) -> list[str]:
    """The stacks among the files of the checkpoints' folder, without stray files and the engine's own copies."""
    last = (file.rsplit("/", 1)[-1] for file in files)
    return sorted(name.removesuffix(".json") for name in last if name.endswith(".json"))


def stacks_of_locks(files: Iterable[str]) -> list[str]:
    """The stacks of the lock files, once each. The engine keeps other files beside them."""
    return sorted({file.rsplit("/", 2)[-2] for file in files if file.endswith(".json") and "/" in file})


def read_stack_lock(
    data: bytes, *, host: str, runs: Callable[[int], bool], now: datetime, alone: bool = False
) -> StackLock:
    """Read a lock file. It is breakable only if its writer has certainly ended.

    `host` is this machine, `runs` tests whether a process of it exists, and `now` is the real time even if a command
    uses another clock. `alone`: no other machine writes here, so an empty file is from a process that was killed
    while it wrote it.
    """
    try:
        lock: Any = json.loads(data)
        user, machine, process = lock["username"], lock["hostname"], lock["pid"]
        since = parse_time(lock["timestamp"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return _unreadable(breakable=alone)
    if not isinstance(user, str) or not isinstance(machine, str) or type(process) is not int or process <= 0:
        return _unreadable(breakable=alone)
    if machine == host:
        ended = not runs(process)
    else:
        is_pipeline = user == _PIPELINE_USER and _PIPELINE_HOST.fullmatch(machine) is not None
        ended = is_pipeline and now - since > PIPELINE_LIMIT
    return StackLock(holder=f"{user} on {machine}, process {process}", since=since, breakable=ended)


def _unreadable(*, breakable: bool) -> StackLock:
    return StackLock(holder="an unknown process (the lock file cannot be read)", since=None, breakable=breakable)
