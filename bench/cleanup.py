"""Cleanup: random fleets through its plan, and what listing and planning a large account takes.

python -m bench.cleanup [--fleets 100000] [--environments 1000]
"""

import argparse
import logging
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench import fleets
from tee_infra.core.cleanup.decision import ReasonCode
from tee_infra.core.cleanup.plan import Policy, plan_cleanup
from tee_infra.workflows.cleanup.inventory import gather_inventory
from tests.core.cleanup.oracle import disagreements
from tests.support.emulator import serve_moto
from tests.support.homes import NOW, moto_context
from tests.support.large_account import account, new_head, write_state
from tests.support.listing_aws import serve


def run(count: int, environments: int) -> None:
    plan_fleets(count)
    print()
    plan_account(environments)


def plan_fleets(count: int) -> None:
    """Decisions by reason, each checked against an independent list of what speaks against a destroy."""
    codes: Counter[str] = Counter()
    violations, seconds = 0, 0.0
    for seed in range(count):
        random = Random(seed)
        inventory, policy = fleets.inventory(random), fleets.policy(random)
        start = time.process_time()
        plan = plan_cleanup(inventory, fleets.NOW, policy)
        seconds += time.process_time() - start
        codes.update(decision.reason_code for decision in plan.decisions)
        violations += len(disagreements(inventory, fleets.NOW, policy))
    print(f"| decision ({count:,} random fleets) | reason | environments |\n|---|---|---|")
    for code in ReasonCode:
        print(f"| {code.action} | {code} | {codes[code]:,} |")
    print(f"\n{codes.total():,} decisions in {seconds:.1f} s of one core, {violations} violations")


def plan_account(environments: int) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder, serve_moto() as endpoint, serve(account(environments)) as aws:
        write_state(Path(folder) / "state", environments)
        context = new_head(moto_context(endpoint, Path(folder), []), aws)
        start = time.perf_counter()
        inventory = gather_inventory(context, None, NOW)
        listed = time.perf_counter()
        policy = Policy(max_destroys=environments, limit_confirmed=True, grace=timedelta())
        plan = plan_cleanup(inventory, NOW, policy)
        planned = time.perf_counter()
    resources = sum(len(found.resources) for found in inventory.entries)
    print(f"| {environments:,} environments with {resources:,} resources | requests | seconds |\n|---|---|---|")
    print(f"| listing, from a server on this machine | {len(aws.asked)} | {listed - start:.2f} |")
    print(f"| plan of {len(plan.destroys):,} destroys | 0 | {planned - listed:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleets", type=int, default=100_000)
    parser.add_argument("--environments", type=int, default=1_000)
    arguments = parser.parse_args()
    run(arguments.fleets, arguments.environments)


if __name__ == "__main__":
    main()
