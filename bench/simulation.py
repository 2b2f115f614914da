"""Replication, or whole switches, in virtual time: seeded runs per second, and the first seed that shows a broken rule.

python -m bench.simulation [--switch] [--runs 100000] [--first 0] [--broken [RULE ...]]
"""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from tests.support.cutover_broken import BROKEN, Break, broken
from tests.support.cutover_simulation import simulate
from tests.support.switch_broken import SWITCH_BROKEN
from tests.support.switch_simulation import simulate_switch

SEARCHED = 10_000
CHUNK = 50


class Kind(NamedTuple):
    """`counts` are the members of an outcome whose sums are printed."""

    simulate: Callable[[int], Any]
    broken: Mapping[str, Sequence[Break]]
    counts: tuple[str, ...]


REPLICATION = Kind(simulate, BROKEN, ("lives", "generations", "requests"))
SWITCH = Kind(simulate_switch, SWITCH_BROKEN, ("flips", "attempts", "killed", "frozen"))


def run(kind: Kind, seeds: range) -> None:
    """These seeds, on all cores; prints each violation with its seed."""
    start = time.perf_counter()
    sums, violations = dict.fromkeys(kind.counts, 0), 0
    with ProcessPoolExecutor() as pool:
        for outcome in pool.map(kind.simulate, seeds, chunksize=CHUNK):
            if outcome.violation:
                violations += 1
                print(f"seed {outcome.seed}: {outcome.violation}", flush=True)
            for name in kind.counts:
                sums[name] += getattr(outcome, name)
    seconds = time.perf_counter() - start
    print(f"{len(seeds):,} runs in {seconds:,.1f} s, {len(seeds) / seconds:,.0f} a second, {violations} violations")
    print(", ".join(f"{count:,} {name}" for name, count in sums.items()))


def find_broken(kind: Kind, rules: Iterable[str]) -> None:
    """The first seed from 0 on that finds each broken rule."""
    for rule in rules:
        with broken(kind.broken[rule]):
            found = next((outcome for outcome in map(kind.simulate, range(SEARCHED)) if outcome.violation), None)
        print(f"{rule:<42} {f'seed {found.seed}: {found.violation}' if found else 'NOT FOUND'}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--switch", action="store_true")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--broken", nargs="*")
    options = parser.parse_args()
    wanted = SWITCH if options.switch else REPLICATION
    if options.broken is None:
        run(wanted, range(options.first, options.first + options.runs))
    elif unknown := set(options.broken) - wanted.broken.keys():
        parser.error(f"unknown rule {', '.join(sorted(unknown))}; known are: {', '.join(wanted.broken)}")
    else:
        find_broken(wanted, options.broken or wanted.broken)
