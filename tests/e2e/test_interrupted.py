"""What a run leaves that ended in the middle: the next one finishes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tee_infra import local
from tee_infra.workflows.session.checkout import Project
from tests.support.checkout import COMMAND, Checkout, clean_environment, kill_9

pytestmark = pytest.mark.engine
SECONDS = 60

Stop = Callable[[Checkout, subprocess.Popen[str]], None]


def interrupt(_: Checkout, run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGINT)


def terminate(_: Checkout, run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGTERM)


def kill_command(_: Checkout, run: subprocess.Popen[str]) -> None:
    run.kill()


def kill_engine(checkout: Checkout, _: subprocess.Popen[str]) -> None:
    locks = checkout.directory / ".tee" / "state" / ".pulumi" / "locks" / "organization" / "tee-infra" / "test"
    (lock,) = locks.glob("*.json")
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)


def kill_embedded_aws(checkout: Checkout, _: subprocess.Popen[str]) -> None:
    running = local.status(Project(directory=checkout.directory).embedded_directory)
    assert running is not None
    kill_9(running.pid)


@pytest.mark.parametrize("stop", [interrupt, terminate, kill_command, kill_engine, kill_embedded_aws])
def test_the_next_run_finishes(checkout: Checkout, stop: Stop) -> None:
    run = start_up(checkout)
    wait_for_line(run, "create   aws:")
    stop(checkout, run)
    _, err = run.communicate(timeout=SECONDS)
    assert run.returncode != 0
    assert "Traceback" not in err
    if stop is interrupt:
        assert run.returncode == 130
        assert "Run the same command again" in err
        assert list((checkout.directory / ".tee" / "state").glob(".pulumi/locks/**/*.json")) == []
    if stop is not kill_engine:
        wait_until_no_engine_runs(checkout.directory)

    done = checkout.tee("up", "test", "--yes")
    assert done.code == 0, done.err
    assert len(checkout.tables()) == 3
    assert checkout.tee("preview", "test", "--json").json["changes"] == []


def start_up(checkout: Checkout) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, "up", "test", "--yes"],
        cwd=checkout.directory,
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_line(run: subprocess.Popen[str], start: str) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith(start):
            return
    pytest.fail("it ended before it could be stopped")


def wait_until_no_engine_runs(directory: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        running = subprocess.run(["pgrep", "-f", f"pulumi .*{directory.name}"], capture_output=True, check=False).stdout
        locks = list((directory / ".tee" / "state").glob(".pulumi/locks/**/*.json"))
        if not running and not locks:
            return
        time.sleep(0.1)
