"""How commands end with lines, stack files and shells that nobody means: none may crash, hang, or fail unsaid.

python -m bench.hostile_input [--lines 900] [--documents 149] [--seed 1]
"""

import argparse
import logging
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.emulator import serve_moto
from tests.support.hostile_input import ASKERS, READERS, Ending, command_lines, machine_in, settings_documents
from tests.support.hostile_texts import SHELLS


def run(lines: int, documents: int, seed: int) -> int:
    """Run all, print how they ended and every bad end; the number of bad ones."""
    chance = random.Random(seed)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder, serve_moto() as endpoint, machine_in(Path(folder), endpoint) as machine:
        os.environ["PULUMI_HOME"] = folder
        typed = [machine.run(line) for line in command_lines(chance, lines)]
        found = list(settings_documents())
        chosen = chance.sample(found, min(documents, len(found)))
        read = [machine.read(document, line) for document in chosen for line in READERS]
        asked = [machine.ask(shell, line) for shell in SHELLS for line in ASKERS]
    print("| input | commands | ended with 0 | usage | refused | another error | bad | slowest |")
    print("|---|---|---|---|---|---|---|---|")
    return _row("command lines", typed) + _row("stack files", read) + _row("shells", asked)


def _row(name: str, ends: Iterable[Ending]) -> int:
    ends = list(ends)
    bad = [end for end in ends if end.wrong]
    counts = Counter(end.code for end in ends if not end.wrong)
    others = sum(counts.values()) - counts[0] - counts[2] - counts[3]
    slowest = max((end.seconds for end in ends), default=0.0)
    print(
        f"| {name} | {len(ends)} | {counts[0]} | {counts[2]} | {counts[3]} | {others} | {len(bad)} | {slowest:.1f} s |"
    )
    for end in bad:
        print(f"{end.wrong}: {list(end.line)} {end.input!r} {end.said[-300:]!r}")
    return len(bad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=900)
    parser.add_argument("--documents", type=int, default=149)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.exit(1 if run(arguments.lines, arguments.documents, arguments.seed) else 0)


if __name__ == "__main__":
    main()
