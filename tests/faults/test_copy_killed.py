"""`kill -9` at any moment, and Ctrl-C: `--resume` finishes the copy, and nothing is missing, changed or added."""

import random
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.client import item
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.proxy import serve_faults

ROOT = Path(__file__).parents[2]
ITEMS = 400


def start(url: str, checkpoint: Path, mode: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.client", url, str(checkpoint), mode]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    return process


def slow_memory() -> MemoryDynamoDb:
    """So many pages that there is a moment to be killed at."""
    memory = MemoryDynamoDb()
    memory.tables["source"] = {key_of(item(number)): item(number) for number in range(ITEMS)}
    memory.seconds = 0.004
    return memory


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again(seed: int, trusted: ssl.SSLContext, tmp_path: Path) -> None:
    chance = random.Random(seed)
    memory, checkpoint = slow_memory(), tmp_path / "checkpoint"
    with serve_faults(memory, seed, rate=0.05, tls=trusted if seed % 2 else None) as (url, _):
        for attempt in range(3):
            process = start(url, checkpoint, "resume" if attempt else "new")
            time.sleep(chance.uniform(0.02, 0.5))
            process.kill()
            process.wait()
        output, _ = start(url, checkpoint, "resume").communicate()
    assert output == f"{ITEMS} {ITEMS} True\n"
    assert memory.tables["target"] == memory.tables["source"]


def test_ctrl_c_says_what_is_left_and_leaves_a_checkpoint(tmp_path: Path) -> None:
    memory, checkpoint = slow_memory(), tmp_path / "checkpoint"
    memory.seconds = 0.02
    with serve_faults(memory, 0, rate=0.0) as (url, _):
        process = start(url, checkpoint, "new")
        time.sleep(0.25)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate()
        assert process.returncode == 5
        assert "the copy stopped: interrupted" in output
        assert "of 8 segments are incomplete" in output
        assert "--resume" in output
        memory.seconds = 0.0
        output, _ = start(url, checkpoint, "resume").communicate()
    assert output == f"{ITEMS} {ITEMS} True\n"
    assert memory.tables["target"] == memory.tables["source"]
