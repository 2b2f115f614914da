"""A holder that slept and lost its lock stops, and the engine with it, before it touches what came meanwhile."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tee_infra.aws.control_locks import LOCKS
from tee_infra.aws.control_store import ControlItems
from tests.support.checkout import Checkout, clean_environment
from tests.support.features import SECONDS, wait_for

pytestmark = pytest.mark.engine

# The command with heartbeats of 0.3 s instead of 20, so that a sleep of a second is a long one.
FAST = """
import sys
from datetime import timedelta
from tee_infra.cli import main
from tee_infra.workflows.control.environment_lock import LockHandle
LockHandle.__init__.__kwdefaults__["heartbeat"] = timedelta(seconds=0.3)
sys.exit(main())
"""
# The same; it loses the lock after the engine's start, before the engine runs the program under its own lock.
LOST_AT_START = """
from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.stacks import cli
run, engines = cli.Cli.run, []
def noted(self, arguments, *others):
    engines.extend({"up", "destroy"} & set(arguments[:1]) if "--skip-preview" in arguments else ())
    return run(self, arguments, *others)
cli.Cli.run = noted
cli._WATCH_SECONDS = 60.0
check = LockHandle.check
def late(handle):
    if engines:
        raise LockLostError(handle._lock)
    check(handle)
LockHandle.check = late
"""


def start(checkout: Checkout, script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=checkout.directory,
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def take_over(items: ControlItems, name: str) -> None:
    """As another run does after the lock has expired."""
    item, _ = items.get(LOCKS, name)
    assert item is not None
    taken = item | {"token": "bob's", "holder": "bob on desk, process 1", "counter": item["counter"] + 1}
    assert items.put(taken, {"counter": item["counter"]})


def assert_stopped(run: subprocess.Popen[str], directory: Path) -> str:
    printed, _ = run.communicate(timeout=SECONDS)
    assert run.returncode == 4, printed
    assert "lost the lock on dev (not renewed in time)" in printed
    assert "Traceback" not in printed
    assert list((directory / ".tee" / "state").glob(".pulumi/locks/**/*.json")) == []
    return printed


def test_a_holder_that_slept_through_its_lock_stops_its_engine(checkout: Checkout) -> None:
    items = ControlItems.connect(checkout.open("dev").connection)
    run = start(checkout, FAST, "up", "dev", "--yes")
    wait_for(run, "create   aws:")
    os.kill(run.pid, signal.SIGSTOP)
    try:
        take_over(items, "dev")
        time.sleep(1)
    finally:
        os.kill(run.pid, signal.SIGCONT)
    assert "up to date" not in assert_stopped(run, checkout.directory)
    taken, _ = items.get(LOCKS, "dev")
    assert taken is not None
    assert taken["token"] == "bob's"


@pytest.mark.parametrize("verb", ["up", "down"])
def test_no_step_is_made_after_a_loss_between_the_start_of_the_engine_and_its_lock(dev_up: Checkout, verb: str) -> None:
    before = dev_up.tables()
    run = start(dev_up, FAST.replace("sys.exit", f"{LOST_AT_START}\nsys.exit"), verb, "dev", "--yes")
    lines = assert_stopped(run, dev_up.directory).splitlines()
    assert not [line for line in lines if line.startswith(("create   aws:", "delete   aws:"))]
    assert dev_up.tables() == before
    assert len(before) == 3
