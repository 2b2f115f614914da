"""The process itself: each test starts its own."""

import json
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tee_infra import local
from tee_infra.local import KeyRefusedError, PortInUseError, StartFailedError, lifecycle, pidfile, ports, sealed
from tee_infra.local.credentials import credentials_of
from tee_infra.local.user_key import user_key
from tests.local.clients import client, make_table
from tests.support.checkout import end_embedded_aws


def test_second_start_finds_the_first_one_and_stop_ends_it(directory: Path) -> None:
    first = local.start(directory)
    assert local.start(directory) == first
    assert local.status(directory) == first
    assert local.stop(directory) is True
    assert local.status(directory) is None
    assert local.stop(directory) is False


def test_never_started_is_not_running(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert local.status(nowhere) is None
    assert local.stop(nowhere) is False
    assert not nowhere.exists()


def test_data_and_ports_survive_stop_and_start(directory: Path, own_port: int) -> None:
    first = local.start(directory, port=own_port)
    make_table(first, "kept", Tags=[{"Key": "tee:owner", "Value": "me"}])
    dynamodb = client(first, "dynamodb")
    dynamodb.put_item(TableName="kept", Item={"pk": {"S": "a"}})
    local.stop(directory)
    second = local.start(directory)
    assert second.pid != first.pid
    assert (second.endpoint, second.provider_port, second.notice) == (first.endpoint, first.provider_port, None)
    assert dynamodb.scan(TableName="kept")["Items"] == [{"pk": {"S": "a"}}]


def test_only_the_owner_reads_its_files(tmp_path: Path) -> None:
    directory, earlier = tmp_path / ".tee" / "aws", os.umask(0)
    try:
        directory.mkdir(parents=True)
        (directory / "log").touch()
        make_table(local.start(directory), "kept")
        local.stop(directory)
    finally:
        os.umask(earlier)
    files = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir() if path.name != "lock"}
    assert files["snapshot"] == 0o600
    assert set(files.values()) == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (directory, directory.parent)} == {0o700}


def test_sigterm_saves_too(directory: Path) -> None:
    first = local.start(directory)
    make_table(first, "kept")
    os.kill(first.pid, signal.SIGTERM)
    wait_for_end_of(first.pid)
    assert client(local.start(directory), "dynamodb").list_tables()["TableNames"] == ["kept"]


def test_start_after_kill_works(directory: Path, own_port: int) -> None:
    first = local.start(directory, port=own_port)
    os.kill(first.pid, signal.SIGKILL)
    wait_for_end_of(first.pid)
    assert local.status(directory) is None
    second = local.start(directory)
    assert second.endpoint == first.endpoint
    assert client(second, "dynamodb").list_tables()["TableNames"] == []


def run_with_quick_autosave(directory: Path, port: int) -> subprocess.Popen[bytes]:
    quick = f"server.AUTOSAVE_SECONDS = 0.1; server.SAVING_SHARE = 1; server.main(Path({str(directory)!r}), {port})"
    code = f"from pathlib import Path; from tee_infra.local import server; {quick}"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    wait_until(lambda: local.status(directory) is not None)
    return process


def test_changes_are_saved_without_a_stop(directory: Path, own_port: int) -> None:
    process = run_with_quick_autosave(directory, own_port)
    make_table(local.start(directory), "kept")
    snapshot = directory / "snapshot"
    wait_until(lambda: snapshot.exists() and b"kept" in snapshot.read_bytes())
    process.kill()
    process.wait()
    assert client(local.start(directory), "dynamodb").list_tables()["TableNames"] == ["kept"]


def test_two_starts_at_once_are_one_process(directory: Path) -> None:
    start = f"from pathlib import Path; from tee_infra import local; print(local.start(Path({str(directory)!r})).pid)"
    starting = [subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {process.communicate()[0].strip() for process in starting}
    assert len(pids) == 1
    assert pids == {str(local.start(directory).pid)}


def test_starts_in_two_directories_at_once_take_different_ports(tmp_path: Path) -> None:
    directories = [tmp_path / "a", tmp_path / "b"]
    try:
        with ThreadPoolExecutor() as pool:
            started = list(pool.map(local.start, directories))
        assert len({one.port for one in started}) == 2
    finally:
        for directory in directories:
            end_embedded_aws(directory)


def test_the_loser_of_a_race_for_a_port_takes_the_next_pair(
    tmp_path: Path, own_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both choose before either binds."""
    both, choose = threading.Barrier(2), ports.choose
    directories = [tmp_path / "a", tmp_path / "b"]

    def choose_at_once(directory: Path, asked: int | None, *, without: set[int]) -> int:
        if without:
            return choose(directory, asked, without=without)
        both.wait()
        return own_port

    monkeypatch.setattr(ports, "choose", choose_at_once)
    try:
        with ThreadPoolExecutor() as pool:
            started = list(pool.map(local.start, directories))
        assert len({one.port for one in started}) == 2
        assert own_port in {one.port for one in started}
        assert all(client(one, "dynamodb").list_tables()["TableNames"] == [] for one in started)
    finally:
        for directory in directories:
            end_embedded_aws(directory)


def test_asked_port_in_use_is_a_clear_error_and_the_next_start_works(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=str(port)):
            local.start(directory, port=port)
        assert local.start(directory).port != port


def test_unreadable_snapshot_is_set_aside_and_said(directory: Path) -> None:
    (directory / "snapshot").write_bytes(b"not a snapshot")
    running = local.start(directory)
    assert re.search(r"could not be read .* set aside as \S+snapshot\.unreadable-", running.notice or "")
    assert [path.read_bytes() for path in directory.glob("snapshot.unreadable-*")] == [b"not a snapshot"]


def test_snapshot_of_another_moto_is_set_aside(directory: Path) -> None:
    sealed.write_sealed(directory / "snapshot", pickle.dumps({"moto": "4.0.0", "held": {}}), user_key())
    assert "it was written by moto 4.0.0" in (local.start(directory).notice or "")


def test_process_ends_when_its_directory_is_gone(directory: Path, own_port: int) -> None:
    process = run_with_quick_autosave(directory, own_port)
    shutil.rmtree(directory)
    process.wait(timeout=20)


def test_process_that_ends_at_once_is_reported_with_its_last_words(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(StartFailedError, match=f"See the log: {directory}/log"):
        local.start(directory)


def test_nothing_listens_beyond_loopback(directory: Path) -> None:
    running = local.start(directory)
    listening = {
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{running.pid}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
        and int(line.split()[1].rpartition(":")[2], 16) in {running.port, running.provider_port}
    }
    assert {address.partition(":")[0] for address in listening} <= {"0100007F", "0000000000000000FFFF00000100007F"}
    assert len(listening) == 2


def test_callers_aws_settings_do_not_reach_the_process(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTPS_PROXY", "http://example.com:3128")
    running = local.start(directory)
    environment = Path(f"/proc/{running.pid}/environ").read_bytes().decode().split("\0")
    assert not [setting for setting in environment if "example.com:443" in setting or "production" in setting]


def wait_for_end_of(pid: int) -> None:
    wait_until(lambda: pidfile.process_identity(pid) is None)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def as_before_credentials_were_checked(running: local.EmbeddedAws) -> None:
    """An older version's note has no keys, and its snapshot no seal."""
    note = running.directory / "running.json"
    noted = json.loads(note.read_text())
    note.write_text(json.dumps({name: value for name, value in noted.items() if not name.endswith("_key")}))
    note.chmod(0o664)


@pytest.mark.parametrize("by", ["start", "stop"])
def test_an_older_process_is_replaced_with_what_it_holds(
    directory: Path, own_port: int, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    older = local.start(directory, port=own_port)
    make_table(older, "kept")
    as_before_credentials_were_checked(older)
    found = local.status(directory)
    assert found is not None
    assert not found.checks_credentials
    ended = lifecycle._end

    def end_and_save_unsealed(pid: int) -> None:
        ended(pid)
        (directory / "snapshot").write_bytes(sealed.read_sealed(directory / "snapshot", user_key()))

    monkeypatch.setattr(lifecycle, "_end", end_and_save_unsealed)
    if by == "stop":
        assert local.stop(directory)
    again = local.start(directory)
    assert again.checks_credentials
    assert (again.port, again.notice, again.access_key) == (older.port, None, older.access_key)
    assert client(again, "dynamodb").list_tables()["TableNames"] == ["kept"]


def test_a_note_without_keys_that_is_of_another_program_ends_none(directory: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        pidfile.write(
            local.EmbeddedAws(
                endpoint="http://127.0.0.1:1", provider_port=2, pid=other.pid, directory=directory,
                started_at=datetime.now(UTC), region="us-east-1",
            )
        )  # fmt: skip
        assert local.start(directory).checks_credentials
        assert other.poll() is None
    finally:
        other.kill()


def test_credentials_are_of_this_user_and_checkout_and_stay(directory: Path, tmp_path: Path) -> None:
    assert credentials_of(directory) == credentials_of(directory)
    assert credentials_of(directory) != credentials_of(tmp_path / "another")
    running = local.start(directory)
    assert (running.access_key, running.secret_key) == credentials_of(directory)
    make_table(running, "one")
    local.stop(directory)
    names = {path.name: path.stat().st_mode & 0o077 for path in directory.iterdir() if path.name not in ("log", "lock")}
    assert names == {"port": 0, "snapshot": 0}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_key_that_is_refused_starts_and_stops_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = local.start(directory)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(directory / "log"))
    for command in (local.start, local.stop):
        with pytest.raises(KeyRefusedError):
            command(directory)
    assert pidfile.process_identity(running.pid)
