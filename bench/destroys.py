"""`cleanup --execute` of ten environments beside ten single destroys, and where the time of one goes.

python -m bench.destroys
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.environments import parse_environment
from tests.support.checkout import Checkout, checkout_in
from tests.support.features import home_of, make_expired

MANY = 10
AT = "2026-12-01T02:00:00Z"


def run() -> None:
    """On an embedded AWS that runs already; every environment has its ten resources and no items."""
    with tempfile.TemporaryDirectory() as folder, checkout_in(Path(folder)) as checkout:
        checkout.tee("local", "start")
        context = home_of(checkout)
        for number in range(2 * MANY + 1):
            make_expired(context, f"feature-x{number:02}")
        singles = timed(lambda: [destroy(checkout, f"feature-x{number:02}") for number in range(MANY)])
        parts = where_the_time_goes(checkout, f"feature-x{MANY:02}")
        together = timed(lambda: tee(checkout, "cleanup", "--execute", "--by-lease-only", "--max", "10", "--now", AT))
    print(f"{'destroys':52}seconds")
    for name, seconds in parts.items():
        print(f"  {name:50}{seconds:6.2f}")
    print(f"{f'{MANY} single destroys':52}{singles:6.2f}")
    print(f"{f'cleanup of {MANY}':52}{together:6.2f}")


def destroy(checkout: Checkout, name: str) -> None:
    tee(checkout, "feature", "destroy", name, "--yes", "--now", AT)


def tee(checkout: Checkout, *arguments: str) -> None:
    done = checkout.tee(*arguments)
    assert done.code == 0, done.err


def where_the_time_goes(checkout: Checkout, name: str) -> dict[str, float]:
    """The parts of one destroy, called as the command calls them."""
    context = home_of(checkout)
    record = context.control.record(name)
    imports = timed(lambda: subprocess.run([sys.executable, "-c", "import tee_infra.cli.features.destroy"], check=True))
    found = {"Python's start and the imports": imports}
    with context.open(record) as opened:
        found["preview of the destroy"] = timed(opened.stack.preview_destroy)
        found["destroy"] = timed(opened.stack.destroy)
        found["stack rm"] = timed(opened.stack.remove)
    leftovers = Leftovers.connect(context.connection, "tee-infra")
    found["AWS asked what is left"] = timed(lambda: leftovers.find(parse_environment(name)))
    return found


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    run()
