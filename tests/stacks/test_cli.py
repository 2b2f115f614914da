"""The CLI as a process: a lost lock interrupts it, and a failure to ask for the lock does not."""

import os
import time
from pathlib import Path

import pytest

from tee_infra.core.lifecycle.lock import Lock, LockLostError
from tee_infra.core.times import parse_time
from tee_infra.errors import RemoteError
from tee_infra.stacks.cli import Cli

THEN = parse_time("2026-12-01T00:00:00Z")
LOCK = Lock(name="dev", holder="ann", purpose="up", counter=1, beat=0, token="t", acquired_at=THEN, renewed_at=THEN)


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """Ends on the first SIGINT, and writes that it has."""
    path = tmp_path / "engine"
    path.write_text("#!/bin/bash\ntrap 'echo interrupted > ended; exit 0' INT\nfor _ in {1..50}; do sleep 0.1; done\n")
    path.chmod(0o755)
    return path


def test_a_lost_lock_interrupts_the_engine_and_is_what_is_told(engine: Path, tmp_path: Path) -> None:
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 0.5:
            raise LockLostError(LOCK)

    with pytest.raises(LockLostError):
        Cli(engine, "3.259.0", os.environ, check).run([], str(tmp_path), {})
    assert (tmp_path / "ended").read_text() == "interrupted\n"
    assert time.monotonic() - began < 4


def test_a_lock_that_cannot_be_asked_for_is_not_lost(engine: Path, tmp_path: Path) -> None:
    engine.write_text("#!/bin/bash\nsleep 0.5\necho done\n")

    def check() -> None:
        raise RemoteError("AWS is away")

    assert Cli(engine, "3.259.0", os.environ, check).run([], str(tmp_path), {}).stdout == "done"


@pytest.mark.parametrize(("shell", "used"), [({}, "400"), ({"GOGC": "50"}, "50")])
def test_the_shell_decides_on_the_engine_s_collector(
    engine: Path, tmp_path: Path, shell: dict[str, str], used: str
) -> None:
    engine.write_text('#!/bin/bash\necho "$GOGC"\n')

    assert Cli(engine, "3.259.0", shell).run([], str(tmp_path), {}).stdout == used
