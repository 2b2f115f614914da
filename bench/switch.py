"""An app that writes on through migrate, switch, rollback and switch, with production's leases, on a real service.

python -m bench.switch [--runs 20] [--first 0] [--dynamodb-local]

In each run an operator is killed at a random step before every switch. Prints each run's windows, the seconds in which
writes were held, and at the end their median and maximum. A lost, resurrected or doubled write ends a run with its
seed.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from tee_infra.aws.slot_tables import SlotTableReader
from tests.support.cutover_live import Live, life
from tests.support.dynamodb_local import serve_dynamodb_local

SERVE = """
import logging, sys
from tests.support.emulator import serve_moto
logging.getLogger("werkzeug").setLevel(logging.ERROR)
with serve_moto() as endpoint:
    print(endpoint, flush=True)
    sys.stdin.read()
"""


def run(seeds: Iterable[int], *, local: bool) -> None:
    """One life for each seed."""
    windows: list[float] = []
    failed = 0
    print("| seed | writes acknowledged | seconds | windows |\n|---|---|---|---|")
    with _dynamodb_local() if local else _moto() as endpoint:
        for seed in seeds:
            began = time.monotonic()
            try:
                live = Live(endpoint, seed)
                found = life(live)
                writes = live.check()
            except Exception as error:  # the next seeds may tell more
                failed += 1
                took = time.monotonic() - began
                print(f"| {seed} | FAILED | {took:.0f} | {type(error).__name__}: {error} |", flush=True)
                continue
            windows += found
            told = ", ".join(f"{window:.2f}" for window in found)
            print(f"| {seed} | {writes:,} | {time.monotonic() - began:.0f} | {told} |", flush=True)
    if windows:
        print(f"{len(windows)} switches: median {statistics.median(windows):.2f} s, maximum {max(windows):.2f} s")
    print(f"{failed} runs failed")


@contextmanager
def _moto() -> Iterator[str]:
    """In a process of its own, as the embedded AWS is."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as moto:
        assert moto.stdout
        yield moto.stdout.readline().strip()
        moto.terminate()


@contextmanager
def _dynamodb_local() -> Iterator[str]:
    """It has no point-in-time recovery, which a switch wants."""
    with serve_dynamodb_local() as endpoint, patch.object(SlotTableReader, "_recovery", lambda *_: True):
        yield endpoint


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--dynamodb-local", action="store_true")
    options = parser.parse_args()
    run(range(options.first, options.first + options.runs), local=options.dynamodb_local)
