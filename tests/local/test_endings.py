"""A run of the tests that is ended in the middle leaves no embedded AWS behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tee_infra.local import pidfile

ROOT = Path(__file__).parents[2]
SECONDS = 60
TEST = """
import os, subprocess, time
from datetime import UTC, datetime
from pathlib import Path
from tee_infra.local import pidfile

def test_it(tmp_path):
    process = subprocess.Popen(["sleep", "120"], start_new_session=True)
    noted = {"endpoint": "http://127.0.0.1:1", "provider_port": 2, "started_at": datetime.now(UTC), "region": "x"}
    pidfile.write(pidfile.EmbeddedAws(pid=process.pid, directory=tmp_path, **noted))
    begun = Path("begun.new")
    begun.write_text(f"{os.getpid()} {process.pid}")
    begun.rename("begun")
    time.sleep(120)
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Pytest with one worker, in the middle of a test that has started what it takes for an embedded AWS."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_one.py").write_text(TEST)
    plugins = [word for name in ("xdist", "tests.support.endings") for word in ("-p", name)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *plugins, "-n", "1", "--max-worker-restart", "0", "--basetemp", "tmp"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()


@pytest.mark.parametrize("ended", ["run", "worker", "worker at once"])
def test_nothing_goes_on(run: subprocess.Popen[str], tmp_path: Path, ended: str) -> None:
    begun = tmp_path / "begun"
    until(begun.exists)
    worker, embedded = map(int, begun.read_text().split())
    if ended == "run":
        run.send_signal(signal.SIGTERM)
    else:
        os.kill(worker, signal.SIGTERM if ended == "worker" else signal.SIGKILL)
    shown, _ = run.communicate(timeout=SECONDS)
    assert run.returncode != 0, shown
    until(lambda: pidfile.process_identity(embedded) is None)
    until(lambda: pidfile.process_identity(worker) is None)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
