import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tee_infra.local import pidfile
from tee_infra.local.pidfile import EmbeddedAws


def embedded(directory: Path, pid: int) -> EmbeddedAws:
    return EmbeddedAws(
        endpoint="http://127.0.0.1:4580",
        provider_port=4581,
        pid=pid,
        directory=directory,
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        region="us-east-1",
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = embedded(tmp_path, os.getpid())
    pidfile.write(written)
    assert pidfile.read(tmp_path) == written
    assert written.port == 4580


def test_nothing_written_is_nothing_running(tmp_path: Path) -> None:
    assert pidfile.read(tmp_path) is None


def test_note_of_a_process_that_ended_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    pidfile.write(embedded(tmp_path, ended.pid))
    ended.wait()
    assert pidfile.read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_note_whose_pid_now_belongs_to_another_process_is_removed(tmp_path: Path) -> None:
    pidfile.write(embedded(tmp_path, os.getpid()))
    note = tmp_path / "running.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"process": "an earlier start"}))
    assert pidfile.read(tmp_path) is None
    assert not note.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_damaged_note_is_removed(tmp_path: Path, content: str) -> None:
    (tmp_path / "running.json").write_text(content)
    assert pidfile.read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    pidfile.write_whole(path, b"old")
    pidfile.write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
