"""What is wrong with an environment is found, shown and mended, and no resource changes for it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tee_infra.aws.control_locks import LOCKS
from tee_infra.core.environments import parse_environment
from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.pulumi_state.integrity import check_resources
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.repair.diagnose import Finding, diagnose
from tee_infra.workflows.repair.repair import Repaired, repair
from tee_infra.workflows.repair.subject import open_subject
from tee_infra.workflows.session.checkout import Project
from tests.support.checkout import Checkout
from tests.support.features import STATE, T0, FeatureUp, checkpoint_of, leave_open, make, read, state_names, tables_of
from tests.support.homes import make_table, tags_of
from tests.support.stand_in import Told

pytestmark = pytest.mark.engine


def test_a_lost_state_is_taken_over_from_aws_and_nothing_is_left_to_change(checkout: Checkout) -> None:
    """A standing environment, as its user meets it."""
    checkout.stack("test").up()
    state = checkout.directory / ".tee" / "state" / ".pulumi"
    before = resources(json.loads((state / "stacks" / "tee-infra" / "test.json").read_text()))
    lose_state(checkout, "test")
    done = checkout.tee("repair", "test", "--yes", "--json", "--now", "2026-12-01T00:00:00Z")
    assert done.code == 0, done.err
    (finding,) = done.json["findings"]
    assert finding["kind"] == "lost"
    assert "AWS has table test-tee-admin" in finding["found"]
    assert (done.json["remaining"], done.json["counts"]) == ([], {})
    assert resources(json.loads((state / "stacks" / "tee-infra" / "test.json").read_text())) == before


def test_what_cannot_be_found_by_its_name_is_left_to_a_person(checkout: Checkout) -> None:
    checkout.stack("staging").up()
    lose_state(checkout, "staging")
    _, done = mended(checkout, "staging")
    (left,) = done.remaining
    assert (left.found, left.mends) == ("monitoring-topic-policy cannot be found by its name", False)
    assert "the next tee-infra up staging would create a second one" in left.cure


def test_a_truncated_state_gets_its_newest_backup_and_the_broken_one_is_kept(feature_up: FeatureUp) -> None:
    checkout, context = feature_up
    checkpoint = checkpoint_of(checkout, "feature-x")
    broken = checkpoint.read_bytes()[:500]
    checkpoint.write_bytes(broken)
    torn = checkout.directory / STATE / "backups" / "tee-infra" / "feature-x" / "feature-x.9.json"
    torn.write_text("{")
    (finding,), done = mended(checkout, "feature-x")
    assert (finding.kind, finding.mends) == ("state", True)
    assert done.remaining == []
    assert done.plan is not None
    assert done.plan.changes == ()
    (kept,) = checkpoint.parent.glob("feature-x.json.broken-20261201T000000Z")
    assert kept.read_bytes() == broken
    assert len(tables_of(checkout, "feature-x")) == 3
    assert [entry.result for entry in context.control.history("feature-x")] == ["begun", "done"]


def test_a_state_that_the_engine_refuses_and_that_forgot_a_part_is_repaired(feature_up: FeatureUp) -> None:
    """A table without its entry, on which others depend, and an entry twice."""
    checkout, _ = feature_up
    before = resources(json.loads(checkpoint_of(checkout, "feature-x").read_text()))

    def forget(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [entry for entry in entries if entry["urn"].rsplit("::", 1)[-1] != "data-tee-admin"]
        return [*kept, kept[-1]]

    edit(checkout, "feature-x", forget)
    (finding,), done = mended(checkout, "feature-x")
    assert finding.kind == "state"
    assert "the engine refuses the state" in finding.found
    assert done.remaining == []
    assert done.plan is not None
    assert done.plan.changes == ()
    assert resources(json.loads(checkpoint_of(checkout, "feature-x").read_text())) == before
    assert len(tables_of(checkout, "feature-x")) == 3

    def lose(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(check_resources([entry for entry in entries if "schedules" not in entry["urn"]]).sound or ())

    edit(checkout, "feature-x", lose)
    (finding,), done = mended(checkout, "feature-x")
    assert (finding.kind, done.remaining) == ("forgotten", [])
    assert "table feature-x-tee-schedules" in finding.found
    assert resources(json.loads(checkpoint_of(checkout, "feature-x").read_text())) == before


def test_a_table_with_two_entries_keeps_the_one_that_the_program_has(feature_up: FeatureUp) -> None:
    """As `pulumi import` leaves it: without the parent, and protected."""
    checkout, _ = feature_up
    made = tables_of(checkout, "feature-x")

    def double(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        table = next(entry for entry in entries if entry["urn"].endswith("data-tee-admin"))
        urn = f"urn:pulumi:feature-x::tee-infra::{table['type']}::data-tee-admin"
        return [*entries, {**table, "urn": urn, "parent": entries[0]["urn"], "protect": True}]

    edit(checkout, "feature-x", double)
    (finding,), done = mended(checkout, "feature-x")
    assert finding.kind == "doubled"
    assert done.remaining == []
    assert done.plan is not None
    assert done.plan.changes == ()
    assert tables_of(checkout, "feature-x") == made


def test_an_empty_state_is_no_dead_end(feature_up: FeatureUp) -> None:
    checkout, _ = feature_up
    for text, kind in (("", "state"), ('{"version": 3, "checkpoint": {"latest": null}}', "lost")):
        checkpoint_of(checkout, "feature-x").write_text(text)
        (finding,), done = mended(checkout, "feature-x")
        assert (finding.kind, done.remaining) == (kind, [])
        assert done.plan is not None
        assert done.plan.changes == ()
    assert len(tables_of(checkout, "feature-x")) == 3


def test_a_checksum_that_a_killed_engine_left_torn_goes(checkout: Checkout, context: FeatureContext) -> None:
    make(context, "feature-marked", up=False)
    mark = checkpoint_of(checkout, "feature-marked").with_suffix(".json.attrs")
    mark.write_text("")
    (finding,), done = mended(checkout, "feature-marked")
    assert (finding.kind, done.remaining) == ("mark", [])
    assert done.plan is not None  # the engine reads the state again


def test_creates_left_open_are_closed_by_what_aws_has(feature_up: FeatureUp) -> None:
    checkout, _ = feature_up
    opened = [f"{part}-tee-admin" for part in ("data", "configuration-tables")]
    leave_open(checkpoint_of(checkout, "feature-x"), opened)
    checkout.client("ssm").delete_parameter(Name="/tee/feature-x/tables/tee-admin")
    (finding,), done = mended(checkout, "feature-x")
    assert finding.found == "a run was killed while it created data-tee-admin, configuration-tables-tee-admin"
    assert done.remaining == []
    assert done.plan is not None
    assert [(change.operation, change.name) for change in done.plan.changes] == [("create", opened[1])]


def test_while_somebody_may_be_at_work_nothing_else_is_looked_at(checkout: Checkout, context: FeatureContext) -> None:
    make(context, "feature-busy", up=False)
    checkpoint_of(checkout, "feature-busy").write_text("{")
    lock = checkout.directory / STATE / "locks" / "organization" / "tee-infra" / "feature-busy" / "theirs.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    told = {"pid": 1, "username": "bob", "hostname": "another", "timestamp": "2026-12-01T00:00:00Z"}
    lock.write_text(json.dumps(told))
    before = state_names(checkout)
    (finding,), done = mended(checkout, "feature-busy")
    assert finding.found.startswith("stack locked by bob on another, process 1 since 2026-12-01T00:00")
    assert finding.cure.endswith(f"delete {lock}")
    assert done.remaining == [finding]
    assert state_names(checkout) == before


def test_who_is_at_work_is_said_and_waited_for(checkout: Checkout, context: FeatureContext) -> None:
    make(context, "feature-making", up=False, state="creating")
    lock = context.locks.acquire("feature-making", "bob on another, process 2", "tee-infra feature create")
    project = Project(directory=checkout.directory)
    with open_subject(project, parse_environment("feature-making"), Told(), local=False) as subject:
        (busy,) = diagnose(subject)
        assert busy.found == "locked by bob on another, process 2 (tee-infra feature create)"
        context.locks.release(lock)
        (finding,) = diagnose(subject)
        assert finding.cure == "tee-infra feature create --branch feature/making"
        item = {"pk": {"S": LOCKS}, "sk": {"S": "feature-making"}, "counter": {"S": "x"}}
        checkout.client("dynamodb").put_item(TableName=CONTROL_TABLE, Item=item)
        (finding,) = diagnose(subject)
        assert (finding.kind, finding.mends) == ("lock", False)
        assert "its lock cannot be read" in finding.found
        assert finding.cure.endswith('table tee-control, pk "locks", sk "feature-making"')


def test_quarantine_is_lifted_once_nothing_is_in_the_way(checkout: Checkout, context: FeatureContext) -> None:
    make(context, "feature-ill", up=False, state="quarantined", failures=5, problem="somebody's table")
    dynamodb = checkout.client("dynamodb")
    make_table(dynamodb, "feature-ill-tee-admin", {})
    (finding,), done = mended(checkout, "feature-ill")
    assert finding.found == "quarantined after 5 failed destroys: somebody's table"
    assert [left.kind for left in done.remaining] == ["quarantine"]
    dynamodb.delete_table(TableName="feature-ill-tee-admin")
    make_table(dynamodb, "feature-ill-tee-admin", tags_of("feature-ill"))
    _, done = mended(checkout, "feature-ill")
    assert (read(context, "feature-ill").state, read(context, "feature-ill").failures) == ("destroying", 0)
    assert [left.cure for left in done.remaining] == ["tee-infra feature destroy feature-ill"]
    context.control.write(
        read(context, "feature-ill").with_changes(state="active")
    )  # of no interest to others' cleanups


def lose_state(checkout: Checkout, name: str) -> None:
    """The state of a standing environment and every backup of it."""
    state = checkout.directory / ".tee" / "state" / ".pulumi"
    (state / "stacks" / "tee-infra" / f"{name}.json").unlink()
    for backup in (state / "backups" / "tee-infra" / name).iterdir():
        backup.unlink()


def edit(checkout: Checkout, name: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Change the entries of a state, as an accident would."""
    checkpoint = checkpoint_of(checkout, name)
    document = json.loads(checkpoint.read_text())
    latest = document["checkpoint"]["latest"]
    latest["resources"] = change(latest["resources"])
    checkpoint.write_text(json.dumps(document))


def mended(checkout: Checkout, name: str) -> tuple[list[Finding], Repaired]:
    project = Project(directory=checkout.directory)
    with open_subject(project, parse_environment(name), Told(), local=False, now=T0) as subject:
        found = diagnose(subject)
        return found, repair(subject, found)


def resources(document: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint knows of each resource, but for times and the provider's own random name."""
    latest = document["checkpoint"]["latest"]["resources"]
    told = ("id", "inputs", "outputs", "parent", "dependencies", "protect", "propertyDependencies")
    real = [resource for resource in latest if not resource["type"].startswith("pulumi:")]
    return {resource["urn"]: {key: resource.get(key) for key in told} for resource in real}
