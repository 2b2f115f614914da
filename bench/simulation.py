"""Replication in virtual time: seeded runs per second, and the first seed that shows each rule broken on purpose.

python -m bench.simulation [--runs 100000] [--first 0] [--broken [RULE ...]]
"""

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.support.cutover_broken import BROKEN, broken
from tests.support.cutover_simulation import Outcome, simulate

SEARCHED = 10_000
CHUNK = 200


def run(runs: int, first: int = 0) -> None:
    """Seeds from `first`, on all cores; prints each violation with its seed."""
    start = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(simulate, range(first, first + runs), chunksize=CHUNK))
    seconds = time.perf_counter() - start
    for outcome in outcomes:
        if outcome.violation:
            print(f"seed {outcome.seed}: {outcome.violation}")
    crashed = sum(outcome.lives > 1 for outcome in outcomes)
    trimmed = sum(outcome.generations > 1 for outcome in outcomes)
    print(f"{runs:,} runs in {seconds:,.1f} s, {runs / seconds:,.0f} a second, {violations(outcomes)} violations")
    print(f"{crashed:,} crashed, {trimmed:,} lost records of the stream, {requests(outcomes):.0f} requests each")


def violations(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.violation is not None for outcome in outcomes)


def requests(outcomes: Sequence[Outcome]) -> float:
    return statistics.mean(outcome.requests for outcome in outcomes)


def find_broken(rules: Iterable[str]) -> None:
    """The first seed from 0 on that finds each broken rule."""
    for rule in rules:
        with broken(rule):
            found = next((outcome for outcome in map(simulate, range(SEARCHED)) if outcome.violation), None)
        print(f"{rule:<36} {f'seed {found.seed}: {found.violation}' if found else 'NOT FOUND'}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--broken", nargs="*", choices=BROKEN)
    options = parser.parse_args()
    if options.broken is None:
        run(options.runs, options.first)
    else:
        find_broken(options.broken or BROKEN)
