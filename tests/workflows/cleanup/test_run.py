"""Cleanup around the engine: on moto, of environments without stacks. `tests/e2e/test_cleanup.py` has the rest."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tee_infra.core.cleanup.decision import Policy
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.workflows.cleanup.run import LOCK, Planned, Result, execute, plan
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.features.context import FeatureContext
from tests.support.homes import NOW, client, make_table, record_of, tags_of

HOUR = timedelta(hours=1)
POLICY = Policy(max_destroys=10, limit_confirmed=False, grace=timedelta())
BRANCHES = Branches(source="the test", heads={"main": None, "feature/a": None, "feature/b": None, "feature/c": None})


@pytest.fixture
def dynamodb(context: FeatureContext) -> Any:
    return client(context.connection, "dynamodb")


def test_whoever_expired_goes_the_longest_expired_first(
    context: FeatureContext, dynamodb: Any, said: list[str]
) -> None:
    register(context, dynamodb, "feature-a", last_activity=NOW - 3 * HOUR, created_at=NOW - 3 * HOUR)
    register(context, dynamodb, "feature-b", last_activity=NOW - 4 * HOUR, created_at=NOW - 4 * HOUR)
    register(context, dynamodb, "feature-c", last_activity=NOW - HOUR / 2)
    planned = look(context)
    assert actions(planned) == {"feature-a": "state-lost", "feature-b": "state-lost", "feature-c": "state-lost-live"}
    results = run(context, planned)
    assert [(result.environment, result.result) for result in results] == [
        ("feature-b", "destroyed"),
        ("feature-a", "destroyed"),
    ]
    assert results[0].detail == "0 resources deleted, and leftovers table feature-b-tee-admin"
    assert tables(dynamodb) == ["feature-c-tee-admin", "tee-control"]
    assert run(context, look(context)) == []


def test_one_that_fails_does_not_stop_the_others(context: FeatureContext, dynamodb: Any) -> None:
    register(context, dynamodb, "feature-a", DeletionProtectionEnabled=True)
    register(context, dynamodb, "feature-b")
    results = {result.environment: result for result in run(context, look(context))}
    assert results["feature-b"].result == "destroyed"
    assert results["feature-a"].result == "failed"
    assert "deletion protection is on for feature-a-tee-admin" in results["feature-a"].detail
    assert tables(dynamodb) == ["feature-a-tee-admin", "tee-control"]
    assert read(context, "feature-a").state == "marked"


def test_what_was_held_or_used_since_the_plan_is_kept(context: FeatureContext, dynamodb: Any) -> None:
    for name in ("feature-a", "feature-b", "feature-c"):
        register(context, dynamodb, name)
    planned = look(context)
    context.control.write(
        read(context, "feature-a").with_changes(hold=Hold(reason="the demo", until=NOW + HOUR, by="bob"))
    )
    context.control.write(read(context, "feature-b").active(NOW))
    kept = {result.environment: result.result for result in run(context, planned)}
    assert kept == {"feature-a": "kept", "feature-b": "kept", "feature-c": "destroyed"}
    assert tables(dynamodb) == ["feature-a-tee-admin", "feature-b-tee-admin", "tee-control"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hold": Hold(reason="the demo", until=NOW + HOUR, by="bob")}, "held by bob until .*: the demo"),
        ({"last_activity": NOW}, "its lease ends at"),
        ({"state": "quarantined"}, "5 destroys in a row failed"),
        ({"owner": "bob"}, "another run changed its record"),
    ],
)
def test_what_changes_after_it_was_marked_is_kept_with_the_new_reason(
    context: FeatureContext, dynamodb: Any, change: dict[str, Any], why: str
) -> None:
    register(context, dynamodb, "feature-a", created_at=NOW - 4 * HOUR, last_activity=NOW - 4 * HOUR)
    register(context, dynamodb, "feature-b")

    def change_the_next(line: str) -> None:
        if line == "feature-a: destroying":
            context.control.write(read(context, "feature-b").with_changes(**change))

    first, second = run(replace(context, report=change_the_next), look(context))
    assert (first.result, second.result) == ("destroyed", "kept")
    assert re.search(why, second.detail)
    assert "feature-b-tee-admin" in tables(dynamodb)


def test_who_is_at_work_on_it_keeps_it(context: FeatureContext, dynamodb: Any) -> None:
    register(context, dynamodb, "feature-a")
    planned = look(context)
    with locked(context.locks, "feature-a", context.actor, "tee-infra up"):
        (result,) = run(context, planned)
    assert result.result == "kept"
    assert "is locked by ann on laptop, process 1 (tee-infra up" in result.detail


def test_a_second_cleanup_at_once_is_told_of_the_first(context: FeatureContext, dynamodb: Any) -> None:
    register(context, dynamodb, "feature-a")
    planned = look(context)
    with (
        locked(context.locks, LOCK, context.actor, "tee-infra cleanup"),
        pytest.raises(LockedError, match="ann on laptop"),
    ):
        run(context, planned)
    assert read(context, "feature-a").state == "active"


def test_what_the_time_does_not_suffice_for_is_not_begun(context: FeatureContext, dynamodb: Any) -> None:
    for name in ("feature-a", "feature-b", "feature-c"):
        register(context, dynamodb, name)
    minutes = count(step=60)
    results = execute(context, look(context), NOW, POLICY, timedelta(minutes=3), clock=lambda: float(next(minutes)))
    assert [result.result for result in results] == ["destroyed", "not-started", "not-started"]
    assert results[0].seconds == 60
    assert read(context, "feature-c").state == "marked"


def test_with_a_grace_the_first_run_marks_and_a_later_one_destroys(context: FeatureContext, dynamodb: Any) -> None:
    register(context, dynamodb, "feature-a")
    subject = Policy(max_destroys=10, limit_confirmed=False, grace=HOUR)
    planned = plan(context, BRANCHES, NOW, subject)
    assert actions(planned) == {"feature-a": "grace"}
    assert execute(context, planned, NOW, subject, HOUR) == []
    assert (read(context, "feature-a").state, read(context, "feature-a").marked_at) == ("marked", NOW)
    assert plan(context, BRANCHES, NOW + HOUR / 2, subject).plan.destroys == ()
    (result,) = execute(context, plan(context, BRANCHES, NOW + HOUR, subject), NOW + HOUR, subject, HOUR)
    assert result.result == "destroyed"


def test_what_was_seen_of_branches_is_written_down_only_when_executing(context: FeatureContext) -> None:
    gone, moved = record_of("feature-gone", last_activity=NOW), record_of("feature-a", last_activity=NOW, head="1" * 40)
    context.control.write(gone.with_changes(state="creating", branch_seen_at=NOW))
    context.control.write(moved.with_changes(state="creating"))
    context.control.write(record_of("feature-other", repository="acme/other", last_activity=NOW))
    branches = Branches(source="the test", heads={"main": None, "feature/a": "2" * 40})
    planned = plan(context, branches, NOW + HOUR / 2, POLICY)
    assert [read(context, name).version for name in ("feature-gone", "feature-a", "feature-other")] == [1, 1, 1]
    execute(context, planned, NOW + HOUR / 2, POLICY, HOUR)
    assert read(context, "feature-gone").branch_gone_at == NOW + HOUR / 2
    assert (read(context, "feature-a").head, read(context, "feature-a").last_activity) == ("2" * 40, NOW + HOUR / 2)
    assert read(context, "feature-other").version == 1


def test_what_the_tables_hold_is_what_is_saved(context: FeatureContext, dynamodb: Any) -> None:
    """moto tells no sizes."""
    register(context, dynamodb, "feature-a")
    assert look(context).saved_usd == 0
    with hearing(context, TableSizeBytes=4 * 2**30):
        assert look(context).saved_usd == pytest.approx(4 * 0.25, rel=0.1)


@contextmanager
def hearing(context: FeatureContext, **facts: Any) -> Iterator[None]:
    """What DescribeTable says besides."""
    events = context.connection.session().events

    def add(parsed: dict, **_: Any) -> None:
        parsed.get("Table", {}).update(facts)

    events.register("after-call.dynamodb.DescribeTable", add)
    try:
        yield
    finally:
        events.unregister("after-call.dynamodb.DescribeTable", add)


def register(context: FeatureContext, dynamodb: Any, name: str, **fields: Any) -> None:
    """A record, and a table of the environment that no stack knows."""
    protection = {key: fields.pop(key) for key in ("DeletionProtectionEnabled",) if key in fields}
    context.control.write(record_of(name, **fields))
    make_table(dynamodb, f"{name}-tee-admin", tags_of(name), **protection)


def look(context: FeatureContext) -> Planned:
    return plan(context, BRANCHES, NOW, POLICY)


def run(context: FeatureContext, planned: Planned) -> list[Result]:
    return execute(context, planned, NOW, POLICY, HOUR)


def actions(planned: Planned) -> dict[str, str]:
    return {decision.environment: decision.reason_code for decision in planned.plan.decisions}


def read(context: FeatureContext, name: str) -> FeatureRecord:
    record = context.control.record(name)
    assert isinstance(record, FeatureRecord)
    return record


def tables(dynamodb: Any) -> list[str]:
    return sorted(dynamodb.list_tables()["TableNames"])
