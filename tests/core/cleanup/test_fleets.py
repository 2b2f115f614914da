"""Fleets of every kind through the plan: what must never go never goes, and what has expired goes."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bench import fleets
from bench.fleets import BROKEN, NOW
from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry
from tee_infra.core.cleanup.plan import CleanupPlan, Policy, plan_cleanup
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.unreadable import Unreadable
from tests.core.cleanup.oracle import disagreements

SEEDED = 2000
seeded = st.builds(Random, st.integers(0, 2**32))
ENDLESS = Policy(max_destroys=1_000, limit_confirmed=True, grace=timedelta())


def test_exactly_those_go_against_which_nothing_speaks() -> None:
    for seed in range(SEEDED):
        random = Random(seed)
        assert disagreements(fleets.inventory(random), NOW, fleets.policy(random)) == [], f"seed {seed}"


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_so_it_is_with_any_fleet(random: Random) -> None:
    assert disagreements(fleets.inventory(random), NOW, fleets.policy(random)) == []


@given(seeded)
def test_what_must_never_go_never_goes(random: Random) -> None:
    inventory = fleets.inventory(random)
    going = {decision.environment for decision in planned(inventory, ENDLESS).destroys}
    for found in inventory.entries:
        assert not (found.name in going and is_sacred(found)), found


@given(seeded)
def test_the_order_of_a_listing_decides_nothing(random: Random) -> None:
    inventory, policy = fleets.inventory(random), replace(fleets.policy(random), limit_confirmed=True)
    mixed = [
        replace(
            found,
            resources=tuple(random.sample(found.resources, len(found.resources))),
            stack_locks=tuple(random.sample(found.stack_locks, len(found.stack_locks))),
        )
        for found in inventory.entries
    ]
    random.shuffle(mixed)
    assert planned(replace(inventory, entries=tuple(mixed)), policy) == planned(inventory, policy)


@given(seeded)
def test_one_more_protection_lets_nothing_more_go(random: Random) -> None:
    inventory = fleets.inventory(random)
    before = names(planned(inventory, ENDLESS))
    for found in inventory.entries:
        others = tuple(other for other in inventory.entries if other is not found)
        after = names(planned(replace(inventory, entries=(*others, protected(random, found))), ENDLESS))
        assert after == before - {found.name}


@given(seeded)
def test_the_cap_holds_and_gives_the_longest_expired_the_first_turns(random: Random) -> None:
    inventory, policy = fleets.inventory(random), replace(fleets.policy(random), limit_confirmed=True)
    all_of_them = planned(inventory, replace(policy, max_destroys=1_000)).destroys
    plan = planned(inventory, policy)
    assert plan.destroys == all_of_them[: policy.max_destroys]
    capped = {decision.environment for decision in plan.decisions if decision.reason_code == "cap"}
    assert capped == {decision.environment for decision in all_of_them[policy.max_destroys :]}


def planned(inventory: Inventory, policy: Policy) -> CleanupPlan:
    return plan_cleanup(inventory, NOW, policy)


def names(plan: CleanupPlan) -> set[str]:
    return {decision.environment for decision in plan.destroys}


def is_sacred(found: InventoryEntry) -> bool:
    record = found.record
    if not found.name.startswith("feature-") or not isinstance(record, FeatureRecord) or found.locked_by is not None:
        return True
    unreadable = any(isinstance(said, Unreadable) for said in (found.checkpoint, *(r.tags for r in found.resources)))
    leased = record.expires_at > NOW and record.state not in ("destroying", "destroyed")
    return unreadable or leased or record.is_held(NOW) or record.last_activity > NOW - timedelta(minutes=10)


def protected(random: Random, found: InventoryEntry) -> InventoryEntry:
    """The same with one more protection."""
    untagged = replace(fleets.resource(random, found.name, fleets.RESOURCES[0], wrong=0.0), tags=None, tags_known=True)
    protections: list[dict[str, Any]] = [
        {"locked_by": "ann"},
        {"locked_by": BROKEN},
        {"stack_locks": (StackLock(holder="ann", since=None, breakable=False),)},
        {"record": BROKEN},
        {"record": None},
        {"checkpoint": BROKEN},
        {"checkpoint": Checkpoint(resources=3, protected=("data-tee-admin",))},
        {"resources": (untagged,)},
    ]
    if isinstance(found.record, FeatureRecord):
        hold = Hold(reason="a demo", until=NOW + timedelta(hours=1), by="ann")
        protections += [
            {"record": found.record.with_changes(**fields)}
            for fields in (
                {"hold": hold},
                {"last_activity": NOW},
                {"repository": "acme/other"},
                {"retry_at": hold.until},
            )
        ]
    return replace(found, **random.choice(protections))
