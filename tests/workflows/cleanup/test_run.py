"""Cleanup around the engine: on moto, of environments without stacks. `tests/e2e/test_cleanup.py` has the rest."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core.cleanup.decision import Policy
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.core.lifecycle.record import Hold, Record
from tee_infra.workflows.cleanup.run import LOCK, Planned, Result, execute, plan
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.features.context import Home
from tests.emulator import reset
from tests.workflows.homes import NOW, client, make_table, moto_home, record_of, tags_of

HOUR = timedelta(hours=1)
POLICY = Policy(max_destroys=10, max_given=False, grace=timedelta())
BRANCHES = Branches(source="the test", heads={"main": None, "feature/a": None, "feature/b": None, "feature/c": None})


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def home(moto_endpoint: str, tmp_path: Path, said: list[str]) -> Home:
    reset(moto_endpoint)
    return moto_home(moto_endpoint, tmp_path, said)


@pytest.fixture
def dynamodb(home: Home) -> Any:
    return client(home.connection, "dynamodb")


def test_whoever_expired_goes_the_longest_expired_first(home: Home, dynamodb: Any, said: list[str]) -> None:
    register(home, dynamodb, "feature-a", last_activity=NOW - 3 * HOUR, created_at=NOW - 3 * HOUR)
    register(home, dynamodb, "feature-b", last_activity=NOW - 4 * HOUR, created_at=NOW - 4 * HOUR)
    register(home, dynamodb, "feature-c", last_activity=NOW - HOUR / 2)
    planned = look(home)
    assert actions(planned) == {"feature-a": "state-lost", "feature-b": "state-lost", "feature-c": "state-lost-live"}
    results = run(home, planned)
    assert [(result.environment, result.result) for result in results] == [
        ("feature-b", "destroyed"),
        ("feature-a", "destroyed"),
    ]
    assert results[0].detail == "0 resources deleted, and swept table feature-b-tee-admin"
    assert tables(dynamodb) == ["feature-c-tee-admin", "tee-control"]
    assert run(home, look(home)) == []


def test_one_that_fails_does_not_stop_the_others(home: Home, dynamodb: Any) -> None:
    register(home, dynamodb, "feature-a", DeletionProtectionEnabled=True)
    register(home, dynamodb, "feature-b")
    results = {result.environment: result for result in run(home, look(home))}
    assert results["feature-b"].result == "destroyed"
    assert results["feature-a"].result == "failed"
    assert "deletion protection is on for feature-a-tee-admin" in results["feature-a"].detail
    assert tables(dynamodb) == ["feature-a-tee-admin", "tee-control"]
    assert read(home, "feature-a").state == "marked"


def test_what_was_held_or_used_since_the_plan_is_kept(home: Home, dynamodb: Any) -> None:
    for name in ("feature-a", "feature-b", "feature-c"):
        register(home, dynamodb, name)
    planned = look(home)
    home.control.write(read(home, "feature-a").changed(hold=Hold(reason="the demo", until=NOW + HOUR, by="bob")))
    home.control.write(read(home, "feature-b").active(NOW))
    kept = {result.environment: result.result for result in run(home, planned)}
    assert kept == {"feature-a": "kept", "feature-b": "kept", "feature-c": "destroyed"}
    assert tables(dynamodb) == ["feature-a-tee-admin", "feature-b-tee-admin", "tee-control"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hold": Hold(reason="the demo", until=NOW + HOUR, by="bob")}, "bob holds it until .*: the demo"),
        ({"last_activity": NOW}, "its lease runs until"),
        ({"state": "quarantined"}, "5 destroys in a row have failed"),
        ({"owner": "bob"}, "somebody else wrote its record"),
    ],
)
def test_what_changes_after_it_was_marked_is_kept_with_the_new_reason(
    home: Home, dynamodb: Any, change: dict[str, Any], why: str
) -> None:
    register(home, dynamodb, "feature-a", created_at=NOW - 4 * HOUR, last_activity=NOW - 4 * HOUR)
    register(home, dynamodb, "feature-b")

    def change_the_next(line: str) -> None:
        if line == "feature-a: its turn":
            home.control.write(read(home, "feature-b").changed(**change))

    first, second = run(replace(home, report=change_the_next), look(home))
    assert (first.result, second.result) == ("destroyed", "kept")
    assert re.search(why, second.detail)
    assert "feature-b-tee-admin" in tables(dynamodb)


def test_who_is_at_work_on_it_keeps_it(home: Home, dynamodb: Any) -> None:
    register(home, dynamodb, "feature-a")
    planned = look(home)
    with locked(home.locks, "feature-a", home.actor, "tee-infra up"):
        (result,) = run(home, planned)
    assert result.result == "kept"
    assert "is being changed by ann on laptop, process 1 (tee-infra up" in result.detail


def test_a_second_cleanup_at_once_is_told_of_the_first(home: Home, dynamodb: Any) -> None:
    register(home, dynamodb, "feature-a")
    planned = look(home)
    with locked(home.locks, LOCK, home.actor, "tee-infra cleanup"), pytest.raises(LockedError, match="ann on laptop"):
        run(home, planned)
    assert read(home, "feature-a").state == "active"


def test_what_the_time_does_not_suffice_for_is_not_begun(home: Home, dynamodb: Any) -> None:
    for name in ("feature-a", "feature-b", "feature-c"):
        register(home, dynamodb, name)
    minutes = count(step=60)
    results = execute(home, look(home), NOW, POLICY, timedelta(minutes=3), clock=lambda: float(next(minutes)))
    assert [result.result for result in results] == ["destroyed", "not-started", "not-started"]
    assert results[0].seconds == 60
    assert read(home, "feature-c").state == "marked"


def test_with_a_grace_the_first_run_marks_and_a_later_one_destroys(home: Home, dynamodb: Any) -> None:
    register(home, dynamodb, "feature-a")
    patient = Policy(max_destroys=10, max_given=False, grace=HOUR)
    planned = plan(home, BRANCHES, NOW, patient)
    assert actions(planned) == {"feature-a": "grace"}
    assert execute(home, planned, NOW, patient, HOUR) == []
    assert (read(home, "feature-a").state, read(home, "feature-a").marked_at) == ("marked", NOW)
    assert plan(home, BRANCHES, NOW + HOUR / 2, patient).plan.destroys == ()
    (result,) = execute(home, plan(home, BRANCHES, NOW + HOUR, patient), NOW + HOUR, patient, HOUR)
    assert result.result == "destroyed"


def test_what_was_seen_of_branches_is_written_down_only_when_executing(home: Home) -> None:
    gone, moved = record_of("feature-gone", last_activity=NOW), record_of("feature-a", last_activity=NOW, head="1" * 40)
    home.control.write(gone.changed(state="creating"))
    home.control.write(moved.changed(state="creating"))
    home.control.write(record_of("feature-other", repository="acme/other", last_activity=NOW))
    branches = Branches(source="the test", heads={"main": None, "feature/a": "2" * 40})
    planned = plan(home, branches, NOW + HOUR / 2, POLICY)
    assert [read(home, name).version for name in ("feature-gone", "feature-a", "feature-other")] == [1, 1, 1]
    execute(home, planned, NOW + HOUR / 2, POLICY, HOUR)
    assert read(home, "feature-gone").branch_gone_at == NOW + HOUR / 2
    assert (read(home, "feature-a").head, read(home, "feature-a").last_activity) == ("2" * 40, NOW + HOUR / 2)
    assert read(home, "feature-other").version == 1


def test_what_the_tables_hold_is_what_is_saved(home: Home, dynamodb: Any) -> None:
    """moto tells no sizes."""
    register(home, dynamodb, "feature-a")
    assert look(home).saved_usd == 0
    with hearing(home, TableSizeBytes=4 * 2**30):
        assert look(home).saved_usd == pytest.approx(4 * 0.25, rel=0.1)


@contextmanager
def hearing(home: Home, **facts: Any) -> Iterator[None]:
    """What DescribeTable says besides."""
    events = home.connection.session().events

    def add(parsed: dict, **_: Any) -> None:
        parsed.get("Table", {}).update(facts)

    events.register("after-call.dynamodb.DescribeTable", add)
    try:
        yield
    finally:
        events.unregister("after-call.dynamodb.DescribeTable", add)


def register(home: Home, dynamodb: Any, name: str, **fields: Any) -> None:
    """A record, and a table of the environment that no stack knows."""
    protection = {key: fields.pop(key) for key in ("DeletionProtectionEnabled",) if key in fields}
    home.control.write(record_of(name, **fields))
    make_table(dynamodb, f"{name}-tee-admin", tags_of(name), **protection)


def look(home: Home) -> Planned:
    return plan(home, BRANCHES, NOW, POLICY)


def run(home: Home, planned: Planned) -> list[Result]:
    return execute(home, planned, NOW, POLICY, HOUR)


def actions(planned: Planned) -> dict[str, str]:
    return {decision.environment: decision.reason_code for decision in planned.plan.decisions}


def read(home: Home, name: str) -> Record:
    record = home.control.record(name)
    assert isinstance(record, Record)
    return record


def tables(dynamodb: Any) -> list[str]:
    return sorted(dynamodb.list_tables()["TableNames"])
