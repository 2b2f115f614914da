"""Random fleets of environments: all states, broken tags, look-alikes, jittering clocks, things that cannot be read.

The same seed makes the same fleet. `bench.cleanup` plans a hundred thousand of them, `tests/core` a few thousand.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.cleanup.plan import Policy
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_environment
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ACCOUNT, REPOSITORY = "123456789012", "acme/tee-admin"
HOUR = timedelta(hours=1)
BROKEN = Unreadable(reason="it is broken")
STATES = ("creating", "active", "marked", "destroying", "destroyed", "quarantined")
RESOURCES = (
    ("table", "{}-tee-admin", "dynamodb:us-east-1:{account}:table/{}"),
    ("table", "{}-tee-schedules", "dynamodb:us-east-1:{account}:table/{}"),
    ("role", "{}-tee-app", "iam::{account}:role/tee/{name}/{}"),
    ("parameter", "/tee/{}/tables/tee-admin", "ssm:us-east-1:{account}:parameter{}"),
)
"""Kind, physical name and ARN."""
OTHER_NAMES = ("prod", "staging", "dev", "test", "prod-v2", "prod-hotfix", "feature-", "feature-prod", "Feature-x", "x")


def inventory(random: Random) -> Inventory:
    """An account with up to a dozen names: each whole, with something wrong, or anything at all."""
    names = [f"feature-{letter}" for letter in "abcdefgh"[: random.randint(0, 8)]]
    names += random.sample(OTHER_NAMES, random.randint(0, 3))
    return Inventory(
        account_id=ACCOUNT,
        repository=REPOSITORY,
        entries=tuple(found(random, name) for name in names),
        branches=branches(random, names) if chance(random, 0.7) else None,
    )


def policy(random: Random) -> Policy:
    return Policy(
        max_destroys=random.choice((0, 1, 3, 10, 100)),
        limit_confirmed=chance(random, 0.5),
        grace=random.choice((timedelta(), timedelta(), HOUR)),
    )


def found(random: Random, name: str) -> InventoryEntry:
    """Half of all have expired, with at most one thing that speaks against a destroy; in the others all is chance."""
    if chance(random, 0.5):
        fields = {"has_stack": chance(random, 0.8), "resources": resources(random, name, wrong=0.02)}
        expired = InventoryEntry(name=name, record=record(random, name, rare=0.05, over=True), **fields)
        return against(random, expired) if chance(random, 0.5) else expired
    return InventoryEntry(
        name=name,
        record=random.choice((None, BROKEN, *[record(random, name, rare=0.4, over=False)] * 6)),
        has_stack=chance(random, 0.7),
        checkpoint=random.choice((None, None, BROKEN, checkpoint(random))),
        resources=resources(random, name, wrong=0.2) if chance(random, 0.7) else (),
        locked_by=random.choice((None,) * 10 + ("ann", "ann", BROKEN)),
        stack_locks=tuple(stack_lock(random) for _ in range(random.choice((0, 0, 0, 1, 2)))),
    )


def against(random: Random, found: InventoryEntry) -> InventoryEntry:
    """The same with one more thing that may protect it."""
    holding = Hold(reason="a demo", until=NOW + random.choice((-HOUR, HOUR)), by="ann")
    changes: tuple[dict[str, Any], ...] = (
        {"locked_by": "ann"},
        {"locked_by": BROKEN},
        {"stack_locks": (stack_lock(random),)},
        {"record": BROKEN},
        {"record": None},
        {"checkpoint": BROKEN},
        {"checkpoint": checkpoint(random)},
        {"resources": resources(random, found.name, wrong=0.7)},
        {"record": {"hold": holding}},
        {"record": {"last_activity": NOW - timedelta(minutes=random.randint(-5, 20))}},
        {"record": {"state": random.choice(STATES)}},
        {"record": {"repository": "acme/other"}},
        {"record": {"retry_at": NOW + random.choice((-HOUR, HOUR)), "failures": 3}},
        {"record": {"head": "new"}},
    )
    change = random.choice(changes)
    if isinstance(change.get("record"), dict):
        assert isinstance(found.record, FeatureRecord)
        change = {"record": found.record.with_changes(**change["record"])}
    return replace(found, **change)


def record(random: Random, name: str, *, rare: float, over: bool) -> FeatureRecord:
    """A record; each unusual field is there with the chance `rare`, and `over` ends the lease whatever they say."""

    def rarely(value: Any) -> Any:
        return value if chance(random, rare) else None

    created = NOW - timedelta(hours=random.randint(0, 24 * 40))
    activity = min(NOW + timedelta(minutes=5), created + timedelta(minutes=random.randint(0, 24 * 40 * 60)))
    state = random.choice(STATES) if chance(random, rare) else random.choice(("active", "active", "marked"))
    if over:
        created, activity = NOW - timedelta(days=20), NOW - timedelta(days=random.randint(15, 20))
    return FeatureRecord(
        environment=name,
        repository=rarely("acme/other") or REPOSITORY,
        branch=name.replace("-", "/", 1),
        owner="ann",
        state=state,
        created_at=created,
        last_activity=activity,
        ttl_seconds=random.randint(600, 14 * 24 * 3600),
        not_after=rarely(moment(random)),
        branch_seen_at=moment(random, after=0) if chance(random, 0.7) else None,
        branch_gone_at=rarely(moment(random, after=0)),
        deployed_until=moment(random) if chance(random, 0.5) else None,
        head=random.choice((None, "old", "old", "new")),
        hold=rarely(Hold(reason="a demo", until=moment(random), by="ann")),
        marked_at=moment(random, after=0) if state == "marked" else None,
        destroyed_at=moment(random, after=0) if state == "destroyed" else None,
        failures=3,
        retry_at=rarely(moment(random)),
    )


def resources(random: Random, name: str, *, wrong: float) -> tuple[Resource, ...]:
    return tuple(resource(random, name, which, wrong=wrong) for which in random.sample(RESOURCES, random.randint(0, 4)))


def resource(random: Random, name: str, which: tuple[str, str, str], *, wrong: float) -> Resource:
    """One of `RESOURCES`, of an environment; with the chance `wrong` something about it is not as it should."""
    kind, physical = which[0], which[1].format(name)
    # Tags come from the deployments, so they tell what the registry told then, or less.
    until = NOW - timedelta(days=random.randint(1, 9))
    made = Resource(
        kind=kind,
        name=physical,
        arn=f"arn:aws:{which[2].format(physical, name=name, account=ACCOUNT)}",
        tags=StackTags(environment=environment(name), stack=f"tee-infra/{name}", expires_at=until),
    )
    if kind == "role" and chance(random, 0.5):
        made = replace(made, tags=None, tags_known=False)
    if not chance(random, wrong):
        return made
    tagged = StackTags(environment=environment(name), stack=f"tee-infra/{name}", expires_at=moment(random))
    elsewhere = replace(tagged, environment=parse_environment("feature-other"))
    changes: tuple[dict[str, Any], ...] = (
        {"tags": None, "tags_known": True},
        {"tags": BROKEN, "tags_known": True},
        {"tags": tagged, "tags_known": True},
        {"tags": elsewhere, "tags_known": True},
        {"arn": made.arn.replace(ACCOUNT, "999999999999")},
        {"name": f"{made.name}-restored"},
        {"kind": "other"},
    )
    return replace(made, **random.choice(changes))


def environment(name: str) -> Environment:
    """Of a name that is none, some other."""
    try:
        return parse_environment(name)
    except UnknownEnvironmentError:
        return parse_environment("feature-none")


def chance(random: Random, share: float) -> bool:
    return random.random() < share


def checkpoint(random: Random) -> Checkpoint:
    return Checkpoint(
        resources=3,
        protected=("data-tee-admin",) if chance(random, 0.2) else (),
        expires_at=moment(random) if chance(random, 0.5) else None,
    )


def stack_lock(random: Random) -> StackLock:
    return StackLock(holder="ann on laptop", since=NOW - HOUR, breakable=chance(random, 0.5))


def branches(random: Random, names: list[str]) -> Branches:
    """Each branch may live, be gone, be in review or perhaps be so; there is always the trunk."""
    all_of_them = [name.replace("-", "/", 1) for name in names]
    heads = {branch: random.choice((None, "old", "old", "new")) for branch in all_of_them if chance(random, 0.8)}
    return Branches(
        source="origin",
        heads={"main": "m", **heads},
        in_review=frozenset(branch for branch in heads if chance(random, 0.1)),
        review_unknown=frozenset(branch for branch in heads if chance(random, 0.1)),
    )


def moment(random: Random, *, after: int = 240) -> datetime:
    """Some time in the ten days before, or up to `after` hours later; and now and then exactly now."""
    return NOW + random.choice((timedelta(), *[timedelta(minutes=random.randint(-14400, after * 60))] * 9))
