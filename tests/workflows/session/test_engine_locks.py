import json
import os
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tee_infra.workflows.session.engine_locks import break_stale_locks, stack_locks
from tee_infra.workflows.session.file_store import FolderStore

FOLDER = "locks/organization/tee-infra/feature-x"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def test_only_locks_of_runs_that_have_ended_are_broken(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    state = FolderStore(tmp_path)
    write(state, f"{FOLDER}/dead.json", pid=ended.pid)
    write(state, f"{FOLDER}/dead.json.attrs", pid=ended.pid)
    write(state, f"{FOLDER}/live.json", pid=os.getpid())
    write(state, f"{FOLDER}/theirs.json", pid=ended.pid, hostname="another")
    write(state, f"{FOLDER}-2/dead.json", pid=ended.pid)
    assert break_stale_locks(state, "feature-x", alone=True) == [f"ann on {socket.gethostname()}, process {ended.pid}"]
    assert [name for name in state.names() if name.endswith(".json")] == [
        f"{FOLDER}-2/dead.json",
        f"{FOLDER}/live.json",
        f"{FOLDER}/theirs.json",
    ]


def test_an_empty_lock_is_broken_where_only_this_machine_writes(tmp_path: Path) -> None:
    state = FolderStore(tmp_path)
    with state.write(f"{FOLDER}/empty.json"):
        pass
    assert break_stale_locks(state, "feature-x", alone=False) == []
    assert break_stale_locks(state, "feature-x", alone=True) != []
    assert state.names() == []


def test_a_lock_file_that_cannot_be_read_is_a_lock_and_hides_no_other(tmp_path: Path) -> None:
    class Damaged(FolderStore):
        def names(self, under: str = "") -> list[str]:
            return [f"{FOLDER}/folder.json", *super().names(under)]

    (tmp_path / FOLDER / "folder.json").mkdir(parents=True)
    state = Damaged(tmp_path)
    write(state, f"{FOLDER}/huge.json", pid=10**30)
    locks = stack_locks(state, "feature-x", NOW, alone=True)
    assert [lock.breakable for lock in locks.values()] == [False, False]


def test_a_lock_that_goes_while_it_is_looked_at_is_none(tmp_path: Path) -> None:
    class Vanishing(FolderStore):
        def names(self, under: str = "") -> list[str]:
            return [f"{FOLDER}/gone.json", *super().names(under)]

    assert stack_locks(Vanishing(tmp_path), "feature-x", NOW, alone=True) == {}


@pytest.mark.parametrize(("mark", "kept"), [(b"", False), (b'{"md5":', False), (b'{"md5": "x"}', True)])
def test_a_mark_that_a_killed_engine_left_torn_goes(tmp_path: Path, mark: bytes, kept: bool) -> None:
    state = FolderStore(tmp_path)
    names = ["stacks/tee-infra/feature-x.json", "stacks/tee-infra/feature-x.json.attrs"]
    for name, data in zip(names, (b"{}", mark), strict=True):
        with state.write(name) as file:
            file.write(data)
    assert break_stale_locks(state, "feature-x", alone=True) == []
    assert state.names() == (names if kept else names[:1])


def write(state: FolderStore, name: str, *, pid: int, hostname: str = "") -> None:
    lock = {"pid": pid, "username": "ann", "hostname": hostname or socket.gethostname(), "timestamp": NOW.isoformat()}
    with state.write(name) as file:
        file.write(json.dumps(lock).encode())
