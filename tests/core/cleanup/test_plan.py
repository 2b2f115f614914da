"""One environment at a time: each rule of cleanup, and what it comes before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.cleanup.plan import (
    BreakerError,
    Decision,
    NoBranchesError,
    Policy,
    UnbelievableBranchesError,
    plan_cleanup,
    unread_environments,
    warnings,
)
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACCOUNT, REPOSITORY = "123456789012", "acme/tee-admin"
POLICY = Policy(max_destroys=10, limit_confirmed=False, grace=timedelta())
BROKEN = Unreadable(reason="it is broken")
ENGINE = StackLock(holder="ann on laptop, process 1", since=NOW - HOUR, breakable=False)


def record(name: str = "feature-x", over: timedelta = HOUR, **fields: Any) -> FeatureRecord:
    """The record of an environment whose lease is `over` since then."""
    created = NOW - over - timedelta(hours=72)
    values = {"branch": name.replace("-", "/", 1), "owner": "ann", "state": "active", "created_at": created}
    values |= {"repository": REPOSITORY, "last_activity": created, "ttl_seconds": 72 * 3600}
    return FeatureRecord.model_validate({"environment": name, "deployed_until": NOW - over, **values, **fields})


def table(name: str = "feature-x", **fields: Any) -> Resource:
    tags = StackTags(environment=parse_environment(name), stack=f"tee-infra/{name}", expires_at=NOW - HOUR)
    physical = f"{name}-tee-admin"
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{physical}"
    return replace(Resource(kind="table", name=physical, arn=arn, tags=tags), **fields)


def role(name: str = "feature-x", **fields: Any) -> Resource:
    arn = f"arn:aws:iam::{ACCOUNT}:role/tee/{name}/{name}-tee-app"
    return replace(Resource(kind="role", name=f"{name}-tee-app", arn=arn, tags_known=False), **fields)


def expired(name: str = "feature-x", **fields: Any) -> InventoryEntry:
    """An environment that is destroyed unless `fields` say something else."""
    found = InventoryEntry(name=name, record=record(name), has_stack=True, resources=(table(name), role(name)))
    return replace(found, **fields)


def tombstone(**fields: Any) -> InventoryEntry:
    gone = record(state="destroyed", destroyed_at=NOW - 2 * HOUR)
    return replace(InventoryEntry(name="feature-x", record=gone), **fields)


def inventory(*found: InventoryEntry, branches: Branches | None = None) -> Inventory:
    return Inventory(account_id=ACCOUNT, repository=REPOSITORY, entries=found, branches=branches)


def decide(found: InventoryEntry, branches: Branches | None = None, policy: Policy = POLICY) -> Decision:
    (decision,) = plan_cleanup(inventory(found, branches=branches), NOW, policy).decisions
    return decision


def branches(**fields: Any) -> Branches:
    return Branches(**{"source": "origin", "heads": {"feature/x": "new", "main": None}, **fields})


def named(name: str) -> InventoryEntry:
    return InventoryEntry(name=name, has_stack=True)


LIVE = record(over=-HOUR)
MARKED = {"state": "marked", "marked_at": NOW - timedelta(minutes=30)}
GONE = record(over=-2 * HOUR, branch_seen_at=NOW - 30 * HOUR, branch_gone_at=NOW - 25 * HOUR)
NEVER_SEEN = record(over=-2 * HOUR, branch_gone_at=NOW - 25 * HOUR)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("standing", named("prod")),
        ("standing", named("prod-v2")),
        ("standing", named("legacy")),
        ("standing", expired(name="dev")),
        ("unknown-name", named("prod-hotfix")),
        ("unknown-name", InventoryEntry(name="feature-", record=record("feature-"))),
        ("unreadable-record", expired(record=BROKEN)),
        ("unreadable-tags", expired(resources=(table(tags=BROKEN),))),
        ("unreadable-state", expired(checkpoint=BROKEN)),
        ("other-repository", expired(record=record(repository="acme/other"))),
        ("held", expired(record=record(hold=Hold(reason="demo", until=NOW + HOUR, by="ann")))),
        ("locked", expired(locked_by="ann")),
        ("unreadable-lock", expired(locked_by=BROKEN)),
        ("unreadable-lock", InventoryEntry(name="feature-x", locked_by=BROKEN)),
        ("locked", InventoryEntry(name="feature-x", locked_by="ann")),
        ("stack-locked", expired(stack_locks=(ENGINE,))),
        ("quarantined", expired(record=record(state="quarantined"))),
        ("unmanaged", expired(record=None)),
        ("unmanaged", expired(resources=(table(tags=None),))),
        ("unmanaged", expired(resources=(role(tags_known=True),))),
        ("mismatch", expired(resources=(table(tags=table("feature-y").tags),))),
        ("mismatch", expired(resources=(table(arn=table().arn.replace(ACCOUNT, "999999999999")),))),
        ("mismatch", expired(resources=(table(name="feature-x-tee-admin-restored"),))),
        ("mismatch", expired(resources=(role(name="feature-y-tee-app"),))),
        ("mismatch", expired(resources=(table(kind="other"),))),
        ("leased", expired(record=LIVE)),
        ("leased", InventoryEntry(name="feature-x", record=record(over=-HOUR, state="creating"))),
        ("leased", expired(resources=(table(tags=replace(table().tags, expires_at=NOW + HOUR)),))),
        ("leased", expired(checkpoint=Checkpoint(resources=3, expires_at=NOW + HOUR))),
        ("state-lost-live", expired(record=LIVE, has_stack=False)),
        ("state-lost-live", InventoryEntry(name="feature-x", record=LIVE)),
        ("state-lost-live", expired(record=record(over=-HOUR, state="creating"), has_stack=False)),
        ("active", expired(record=record(last_activity=NOW - timedelta(minutes=9), not_after=NOW - HOUR))),
        ("active", expired(record=record(last_activity=NOW + timedelta(minutes=9), not_after=NOW - HOUR))),
        ("backoff", expired(record=record(failures=2, retry_at=NOW + HOUR))),
        ("protected", expired(checkpoint=Checkpoint(resources=3, protected=("table",)))),
        ("expired", expired()),
        ("expired", expired(record=record(**MARKED))),
        ("expired", expired(checkpoint=Checkpoint(resources=3))),
        ("expired", expired(stack_locks=(replace(ENGINE, breakable=True),))),
        ("expired", expired(record=record(hold=Hold(reason="demo", until=NOW, by="ann"), retry_at=NOW))),
        ("expired", expired(record=record(over=timedelta()))),
        ("expired", InventoryEntry(name="feature-x", record=record(state="creating"))),
        ("expired-half-created", expired(record=record(state="creating"))),
        ("half-destroyed", expired(record=record(over=-HOUR, state="destroying"))),
        ("half-destroyed", InventoryEntry(name="feature-x", record=record(state="destroying"))),
        ("state-lost", expired(has_stack=False)),
        ("leftover", tombstone(has_stack=True)),
        ("leftover", tombstone(resources=(table(),))),
        ("leftover", tombstone(has_stack=True, record=record(over=-HOUR, state="destroyed", destroyed_at=NOW - HOUR))),
        ("leased", tombstone(resources=(table(tags=replace(table().tags, expires_at=NOW + HOUR)),))),
        ("unmanaged", tombstone(resources=(table(tags=None),))),
        ("mismatch", tombstone(resources=(table(tags=table("feature-y").tags),))),
    ],
)  # fmt: skip
def test_the_first_rule_that_speaks_decides(code: str, found: InventoryEntry) -> None:
    decision = decide(found)
    assert (decision.reason_code, decision.environment) == (code, found.name)
    assert decision.reason


@pytest.mark.parametrize("found", [tombstone(), tombstone(locked_by="ann"), InventoryEntry(name="feature-x")])
def test_what_is_gone_is_not_listed(found: InventoryEntry) -> None:
    assert plan_cleanup(inventory(found), NOW, POLICY).decisions == ()


@pytest.mark.parametrize(
    ("code", "found", "known"),
    [
        ("branch-moved", expired(record=record(head="old")), branches()),
        ("expired", expired(record=record(head="new")), branches()),
        ("expired", expired(record=record(head="old")), branches(heads={"feature/x": None})),
        ("expired", expired(record=record(head="old")), branches(heads={"main": "new"})),
        ("pull-request", expired(), branches(in_review=frozenset({"feature/x"}))),
        ("pull-request-unknown", expired(), branches(review_unknown=frozenset({"feature/x"}))),
        ("half-destroyed", expired(record=record(state="destroying")), branches(in_review=frozenset({"feature/x"}))),
        ("leased", expired(record=record(over=-HOUR)), branches(heads={"main": None})),
        ("leased", expired(record=GONE), branches()),
        ("expired", expired(record=GONE), branches(heads={"main": None})),
        ("expired", expired(record=GONE), None),
        ("leased", expired(record=NEVER_SEEN), branches(heads={"main": None})),
        ("leased", expired(record=NEVER_SEEN), None),
    ],
)  # fmt: skip
def test_a_branch_that_lives_protects(code: str, found: InventoryEntry, known: Branches | None) -> None:
    assert decide(found, known).reason_code == code


def test_a_branch_that_is_gone_is_said_where_the_lease_still_runs() -> None:
    found, known = expired(record=record(over=-30 * HOUR, branch_seen_at=NOW - HOUR)), branches(heads={"main": None})
    deleted = "its branch feature/x is deleted, and a push starts a new lease"
    assert decide(found, known).reason == (
        f"its lease ends at 2026-12-02T18:00:00Z (in 1 d 6 h); {deleted}; with --execute it ends at "
        "2026-12-02T12:00:00Z (in 1 d)"
    )
    executed = decide(found, known, replace(POLICY, writes=True))
    assert executed.reason == f"its lease ends at 2026-12-02T12:00:00Z (in 1 d); {deleted}"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (expired(), "its lease expired at 2026-12-01T11:00:00Z (1 h ago); it has a stack, 1 table and 1 role"),
        (
            tombstone(has_stack=True),
            "destroyed at 2026-12-01T10:00:00Z (2 h ago), but it has a stack",
        ),
        (named("prod-hotfix"), "'prod-hotfix' is not an environment; it has a stack"),
        (
            expired(record=record(hold=Hold(reason="demo", until=NOW + HOUR, by="ann"))),
            "held by ann until 2026-12-01T13:00:00Z (in 1 h): demo",
        ),
        (expired(checkpoint=BROKEN), "it is broken; repair it: tee-infra repair feature-x"),
    ],
)
def test_reasons_say_what_when_and_what_to_type(found: InventoryEntry, reason: str) -> None:
    assert decide(found).reason == reason


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("grace", {}),
        ("grace", MARKED),
        ("grace", {"state": "marked", "marked_at": NOW - timedelta(minutes=90)}),  # before it ended: extended since
        ("expired", {**MARKED, "marked_at": NOW - HOUR}),
        ("half-destroyed", {"state": "destroying"}),
    ],
)
def test_with_a_grace_only_what_was_marked_for_so_long_goes(code: str, fields: dict[str, Any]) -> None:
    policy = replace(POLICY, grace=HOUR)
    assert decide(expired(record=record(**fields)), policy=policy).reason_code == code


def test_the_longest_expired_go_first_and_the_rest_waits_for_its_turn() -> None:
    names = ["feature-b", "feature-a", "feature-c"]
    ends = [timedelta(hours=hours) for hours in (1, 2, 3)]
    found = [expired(name, record=record(name, end), resources=()) for name, end in zip(names, ends, strict=True)]
    plan = plan_cleanup(inventory(*found), NOW, replace(POLICY, max_destroys=2))
    assert [decision.environment for decision in plan.destroys] == ["feature-c", "feature-a"]
    assert {d.environment: d.reason_code for d in plan.decisions}["feature-b"] == "cap"


def fleet(expired_ones: int, live_ones: int) -> Inventory:
    live = (f"feature-live{number}" for number in range(live_ones))
    return inventory(
        *(expired(f"feature-old{number}") for number in range(expired_ones)),
        *(expired(name, record=record(name, over=-HOUR)) for name in live),
    )


def test_a_run_that_wants_most_of_the_fleet_is_refused_until_somebody_says_how_many() -> None:
    with pytest.raises(BreakerError, match=r"would destroy 11 of 21 live .* --max 11"):
        plan_cleanup(fleet(11, 10), NOW, POLICY)
    assert plan_cleanup(fleet(11, 11), NOW, POLICY).destroys
    assert plan_cleanup(fleet(10, 0), NOW, POLICY).destroys
    given = Policy(max_destroys=11, limit_confirmed=True, grace=timedelta())
    assert len(plan_cleanup(fleet(11, 0), NOW, given).destroys) == 11


def test_a_list_without_a_branch_ends_the_run() -> None:
    with pytest.raises(NoBranchesError, match=r"origin lists no branches"):
        plan_cleanup(inventory(branches=branches(heads={})), NOW, POLICY)


@pytest.mark.parametrize("heads", [{"trunk": None}, {"origin/main": None, "origin/feature/x": None}, {"v1": None}])
def test_a_list_of_something_else_ends_the_run(heads: dict[str, None]) -> None:
    strange = branches(heads=heads)
    with pytest.raises(UnbelievableBranchesError, match=r"origin contains neither .*nothing was decided"):
        plan_cleanup(inventory(expired(), branches=strange), NOW, POLICY)
    assert plan_cleanup(inventory(expired(), branches=replace(strange, trunks=frozenset(heads))), NOW, POLICY)


def test_a_list_that_has_the_branches_of_a_remote_ends_the_run() -> None:
    strange = branches(heads={"main": None, "upstream/main": None, "upstream/feature/x": None})
    with pytest.raises(UnbelievableBranchesError, match="upstream/feature/x in place of feature/x"):
        plan_cleanup(inventory(expired(), branches=strange), NOW, POLICY)


def test_what_would_go_is_looked_at_first_and_nothing_else() -> None:
    everything = inventory(
        expired("feature-a"),
        expired("feature-b", checkpoint=Checkpoint(resources=3), resources=(table("feature-b"),)),
        expired("feature-c", has_stack=False),
        expired("feature-d", record=record("feature-d", over=-HOUR)),
    )
    assert unread_environments(everything, NOW, POLICY) == ["feature-a", "feature-c"]
    assert unread_environments(everything, NOW, replace(POLICY, max_destroys=1)) == ["feature-a"]


def test_whose_leases_end_soon() -> None:
    found = [
        expired("feature-a", record=record("feature-a", over=-40 * HOUR)),
        expired("feature-b", record=record("feature-b", over=-HOUR)),
        expired("feature-c", record=record("feature-c", over=-HOUR, hold=Hold(reason="r", until=NOW + HOUR, by="b"))),
        expired("feature-d", record=record("feature-d", over=-50 * HOUR)),
        expired("feature-e", record=record("feature-e", over=-HOUR, repository="acme/other")),
        expired("feature-f", record=record("feature-f", over=-HOUR, state="quarantined")),
        expired("feature-g"),
    ]
    soon = warnings(inventory(*found), NOW, POLICY)
    assert [(lease.environment, lease.bound) for lease in soon] == [("feature-b", 2 * HOUR), ("feature-a", 48 * HOUR)]
