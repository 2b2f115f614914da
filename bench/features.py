"""`feature create`: from the command to an environment that can be used, where the time goes, and ten at once.

python -m bench.features
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.workflows.features.seed import seed_feature
from tests.support.checkout import Checkout, checkout_in
from tests.support.features import home_of
from tests.support.homes import record_of

ROUNDS = 3
MANY = 10


def run() -> None:
    """Time each part alone, the median of three rounds, on an embedded AWS that runs already."""
    with tempfile.TemporaryDirectory() as folder, checkout_in(Path(folder)) as checkout:
        checkout.set("dev", max_feature_environments=100)
        checkout.tee("local", "start")
        whole = median(lambda turn: create(checkout, f"feature/whole-{turn}"))
        again = median(lambda _: create(checkout, "feature/whole-0"))
        parts = {"Python's start and the imports": median(lambda _: imports()), **engine_parts(checkout)}
        at_once = timed(lambda: all_at_once(checkout))
    print(f"{'feature create':52}seconds")
    for name, seconds in parts.items():
        print(f"  {name:50}{seconds:6.2f}")
    print(f"  {'lock, registry, audit, AWS and engine found':50}{whole - sum(parts.values()):6.2f}")
    print(f"{'whole':52}{whole:6.2f}")
    print(f"{'again, nothing to change but the expiry tags':52}{again:6.2f}")
    print(f"{f'{MANY} at once, until the last one is there':52}{at_once:6.2f}")


def create(checkout: Checkout, branch: str, *options: str) -> None:
    done = checkout.tee("feature", "create", "--branch", branch, *options)
    assert done.code == 0, done.err


def imports() -> None:
    subprocess.run([sys.executable, "-c", "import tee_infra.cli.features.create"], check=True)


def engine_parts(checkout: Checkout) -> dict[str, float]:
    """The stack's own steps and the seed, called as the command calls them."""
    context = home_of(checkout)
    found: dict[str, list[float]] = {"stack init": [], "up": [], "seed, 50 members": []}
    for number in range(ROUNDS):
        record = record_of(f"feature-part-{number}")
        with context.open(record) as opened:
            found["stack init"].append(timed(opened.stack.create))
            found["up"].append(timed(opened.stack.up))
        found["seed, 50 members"].append(
            timed(lambda record=record: seed_feature(open_dynamodb(context.connection), record, None, lambda _: None))
        )
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def all_at_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(lambda number: create(checkout, f"feature/many-{number}", "--seed", "none"), range(MANY)))


def median(action: Callable[[int], object]) -> float:
    return statistics.median(timed(lambda turn=turn: action(turn)) for turn in range(ROUNDS))


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    run()
