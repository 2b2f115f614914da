"""Every fault of the wire in every place, always and now and then, over both transports: how each copy ends.

python -m bench.wire_faults [--seeds 3] [--only TEXT] [--transport raw|botocore]
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.faults.wire import PLACES
from tests.faults.wire_case import Outcome, run_case

RATES: Final = {"always": 1.0, "now and then": 0.15}
AT_ONCE: Final = 8
WELL: Final = {"copied", "differs", "error"}
Case = tuple[str, str, str, str, int]


def run(seeds: int, only: str, transports: list[str]) -> int:
    """Run all cases, print each kind of end and every bad one; the number of bad ones."""
    cases: list[Case] = [
        (transport, place, name, how, seed)
        for transport in transports
        for place, (faults, _) in PLACES.items()
        for name in faults
        if only in name
        for how in RATES
        for seed in range(seeds)
    ]
    with TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:

        def end(numbered: tuple[int, Case]) -> Outcome:
            number, (transport, place, name, how, seed) = numbered
            own = Path(folder) / f"{number}"
            own.mkdir()
            return run_case(place, name, seed, RATES[how], own, transport=transport)

        ends = dict(zip(cases, pool.map(end, enumerate(cases)), strict=True))
    faults = len({name for _, _, name, _, _ in cases})
    print(
        f"{faults} faults, {len(cases):,} copies; the slowest took {max(each.seconds for each in ends.values()):.1f} s"
    )
    print("| transport | how often | copied | differs, and says so | error in one line | lost | internal | hung |")
    print("|---|---|---|---|---|---|---|---|")
    for transport in transports:
        for how in RATES:
            counts = Counter(each.kind for case, each in ends.items() if case[0] == transport and case[3] == how)
            kinds = ("copied", "differs", "error", "LOST", "INTERNAL", "HUNG")
            print(f"| {transport} | {how} | {' | '.join(str(counts[kind]) for kind in kinds)} |")
    bad = {case: each for case, each in ends.items() if each.kind not in WELL}
    for case, each in bad.items():
        print(f"{each.kind}: {', '.join(map(str, case))}: {each.message[:300]}")
    return len(bad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--transport", choices=["raw", "botocore"])
    arguments = parser.parse_args()
    transports = [arguments.transport] if arguments.transport else ["raw", "botocore"]
    sys.exit(1 if run(arguments.seeds, arguments.only, transports) else 0)


if __name__ == "__main__":
    main()
