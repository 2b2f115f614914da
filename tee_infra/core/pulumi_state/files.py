"""The files of the engine's self-managed backend: their names, and what a lock says.

Names are relative to the backend's `.pulumi` folder. Layout as the CLI 3.259 writes it, gzip off.
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
"""A pipeline's lock that is older is nobody's: `stacks.cli` ends every run of the engine after an hour."""

# What GitHub calls the machines of its own runners, `fv-az1125-168` and `runnervmi13qx`, on which `runner` works.
# Runners of one's own are called otherwise: nobody knows whether they are gone.
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
    """Where a backend (`PULUMI_BACKEND_URL`) keeps its files: `s3://bucket/.pulumi`, `/folder/.pulumi`.

    None for one that has none which others may read: a service, and one that was chosen with `pulumi login`.
    """
    url = urlsplit(backend_url)
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
    """The stacks among files of the checkpoints' folder: stray files and the engine's own copies are none."""
    last = (file.rsplit("/", 1)[-1] for file in files)
    return sorted(name.removesuffix(".json") for name in last if name.endswith(".json"))


def stacks_of_locks(files: Iterable[str]) -> list[str]:
    """The stacks that lock files are of, once each. The engine keeps other files beside them."""
    return sorted({file.rsplit("/", 2)[-2] for file in files if file.endswith(".json") and "/" in file})


def read_stack_lock(
    data: bytes, *, host: str, runs: Callable[[int], bool], now: datetime, alone: bool = False
) -> StackLock:
    """What a lock file says, and whether it may be broken: only where its writer has ended beyond doubt.

    `host` is this machine, `runs` says whether a process of it is there, and `now` is the real time, whatever time
    commands decide by. `alone`: no other machine writes here, so a file that says nothing is of a process that died
    while it wrote.
    """
    try:
        lock: Any = json.loads(data)
        user, machine, process = lock["username"], lock["hostname"], int(lock["pid"])
        since = parse_time(lock["timestamp"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return StackLock(holder="nobody known (the lock file cannot be read)", since=None, breakable=alone)
    if machine == host:
        ended = not runs(process)
    else:
        is_pipeline = user == _PIPELINE_USER and _PIPELINE_HOST.fullmatch(machine) is not None
        ended = is_pipeline and now - since > PIPELINE_LIMIT
    return StackLock(holder=f"{user} on {machine}, process {process}", since=since, breakable=ended)
