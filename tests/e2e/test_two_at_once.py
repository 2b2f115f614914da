"""Two people at one environment: one works, the other is told who and what next. The dead are in nobody's way."""

import os
import re
import signal
import socket

import pytest

from tee_infra.aws.control_locks import LOCKS
from tee_infra.aws.control_store import ControlItems
from tests.support.checkout import Checkout
from tests.support.features import SECONDS, start, wait_for

pytestmark = pytest.mark.engine


def test_a_dead_holder_stops_nobody_and_the_second_is_told_of_the_first(checkout: Checkout) -> None:
    leave_lock_of_a_dead_holder(ControlItems.connect(checkout.open("dev").connection))
    first = start(checkout, "up", "dev", "--yes")
    wait_for(first, "create   aws:")
    os.kill(first.pid, signal.SIGSTOP)
    try:
        second = checkout.tee("up", "dev", "--yes")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    printed, _ = first.communicate(timeout=SECONDS)
    assert first.returncode == 0, printed

    assert second.code == 4
    (line,) = second.err.splitlines()
    assert line.startswith("error: dev is locked by ")
    assert re.search(rf" on {socket.gethostname()}, process {first.pid} \(tee-infra up, for .* s, since 20.*Z\)", line)
    assert ". Wait until that run has finished and run the same command again" in line


def leave_lock_of_a_dead_holder(items: ControlItems) -> None:
    """On another machine, where nobody can tell whether its process runs."""
    long_ago = {"acquired_at": "2026-01-01T00:00:00Z", "renewed_at": "2026-01-01T00:00:00Z"}
    holder = {"holder": "bob on another, process 1", "purpose": "tee-infra up", "token": "bob's"}
    assert items.put({"pk": LOCKS, "sk": "dev", "counter": 4, "beat": 2} | holder | long_ago, None)
