"""Feature environments with the real engine: made, made again, interrupted, lost, many at once."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_table import REGISTRY
from tee_infra.cli.root import root
from tee_infra.core import names
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.lifecycle.transitions import CreateRequest, GoneError
from tee_infra.core.tables import catalog
from tee_infra.core.tables.catalog import TABLES, Key
from tee_infra.errors import RefusedError
from tee_infra.workflows.features.admission import ForeignStackError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.create import create_feature
from tests.support.checkout import Checkout, kill_9
from tests.support.commands import invoke, json_of
from tests.support.features import (
    T0,
    FeatureUp,
    delete_role,
    home_of,
    items,
    kill,
    kill_engine,
    read,
    start,
    state_names,
    tables_of,
    wait_for,
    whole,
)

pytestmark = pytest.mark.engine

NOW = "2026-12-01T00:00:00Z"
Run = Callable[..., Result]


@pytest.fixture
def run(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Run:
    return in_process(checkout, monkeypatch)


def in_process(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command in this process, which is cheaper; errors are raised as the root command sees them."""
    monkeypatch.chdir(checkout.directory)
    return lambda *arguments: invoke(root, *arguments)


def request(context: FeatureContext, branch: str, **fields: Any) -> CreateRequest:
    environment = names.feature_environment(branch, context.host.repository)
    known = {"repository": context.host.repository, "owner": "ann", "seed": "none"}
    return CreateRequest(environment=environment, branch=branch, **known | fields)


def make(context: FeatureContext, branch: str, **fields: Any) -> EngineRun:
    return create_feature(context, request(context, branch, **fields), T0, None, lambda _: None).run


def create(checkout: Checkout, branch: str, *options: str) -> Any:
    done = checkout.tee_process("feature", "create", "--branch", branch, "--now", NOW, "--json", *options)
    assert done.code == 0, done.err
    return done.json


def test_a_branch_gets_an_environment_that_can_be_used_at_once(checkout: Checkout, run: Run) -> None:
    made = create(checkout, "feature/new-auth", "--ttl", "72h")
    assert (made["environment"], made["branch"]) == ("feature-new-auth", "feature/new-auth")
    assert (made["expires_at"], made["state"], made["hold"]) == ("2026-12-04T00:00:00Z", "active", None)
    assert made["tables"] == {table.name: f"feature-new-auth-{table.name}" for table in TABLES}
    assert {change["operation"] for change in made["changes"]} == {"create"}
    assert tables_of(checkout, "feature-new-auth") == sorted(made["tables"].values())
    assert items(checkout, made["tables"]["tee-admin"]) == 50
    shell = checkout.shell()
    assert {name: made["app"][name] for name in ("STAGE", "TEE_ADMIN_TABLE", "AWS_ENDPOINT_URL")} == {
        "STAGE": "feature-new-auth",
        "TEE_ADMIN_TABLE": "feature-new-auth-tee-admin",
        "AWS_ENDPOINT_URL": shell["AWS_ENDPOINT_URL"],
    }

    again = json_of(run, "feature", "create", "--branch", "feature/new-auth", "--now", NOW, "--json")
    assert again["changes"] == []
    assert {key: again[key] for key in again.keys() - {"changes", "counts"}} == {
        key: made[key] for key in made.keys() - {"changes", "counts"}
    }
    listed = json_of(run, "feature", "list", "--now", NOW, "--json")
    (entry,) = (entry for entry in listed if entry["environment"] == "feature-new-auth")
    assert {key: entry[key] for key in ("branch", "expires_at", "tables", "app", "owner", "hold")} == {
        key: made[key] for key in ("branch", "expires_at", "tables", "app", "owner", "hold")
    }
    assert (entry["items"], entry["missing"], entry["lock"]) == (items_of(checkout, made), [], None)


def items_of(checkout: Checkout, made: Any) -> int:
    return sum(items(checkout, table) for table in made["tables"].values())


def test_later_only_tags_change_and_what_would_be_lost_is_asked_about(
    checkout: Checkout, context: FeatureContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(context, "feature/later", seed="synthetic")
    dynamodb = checkout.client("dynamodb")
    (member,) = dynamodb.scan(TableName="feature-later-tee-admin", Limit=1)["Items"]
    key = {name: member[name] for name in ("pk", "sk")}
    dynamodb.delete_item(TableName="feature-later-tee-admin", Key=key)
    changed = create_feature(
        context, request(context, "feature/later"), T0 + timedelta(hours=1), None, lambda _: None
    ).run
    assert {change.operation for change in changed.changes} == {"update"}
    assert {path for change in changed.changes for path in change.differences} == {'tags["tee:expires-at"]'}
    assert "Item" not in dynamodb.get_item(TableName="feature-later-tee-admin", Key=key)
    assert read(context, "feature-later").deployed_until == T0 + timedelta(hours=73)

    def refuse(plan: EngineRun) -> None:
        raise RefusedError(", ".join(change.name for change in plan.destructive))

    monkeypatch.setattr(catalog, "VERSIONS", {1: (replace(TABLES[0], sort_key=Key("range")), *TABLES[1:])})
    with pytest.raises(RefusedError, match="data-tee-admin"):
        create_feature(context, request(context, "feature/later"), T0, None, refuse)
    assert context.control.history("feature-later")[-1].result == "refused"


def kill_both(checkout: Checkout, name: str, run: subprocess.Popen[str]) -> None:
    kill(checkout, name, run)


def kill_the_engine(checkout: Checkout, name: str, run: subprocess.Popen[str]) -> None:
    kill_engine(checkout, name)
    out, _ = run.communicate()
    assert run.returncode == 1
    assert "error: " in out


@pytest.mark.parametrize(
    ("branch", "line", "stop"),
    [
        ("feature/killed", "create   aws:", kill_both),
        ("feature/engine", "create   aws:", kill_the_engine),
        ("feature/seeding", "seeding with", kill_both),
    ],
)
def test_a_create_that_ended_anywhere_is_finished_by_the_next(
    checkout: Checkout, context: FeatureContext, branch: str, line: str, stop: Callable[..., None]
) -> None:
    name = branch.replace("/", "-")
    run = start(checkout, "feature", "create", "--branch", branch, "--now", NOW)
    wait_for(run, line)
    stop(checkout, name, run)
    assert read(context, name).state == "creating"
    make(context, branch, seed="synthetic")
    whole(checkout, context, name)
    assert items(checkout, f"{name}-tee-admin") == 50
    assert read(context, name).seeded


def test_only_an_explicit_create_begins_anew_after_a_destroy(
    checkout: Checkout, context: FeatureContext, run: Run
) -> None:
    make(context, "feature/gone", seed="synthetic")
    run("feature", "destroy", "feature-gone", "--now", NOW, "--yes")
    late = "feature create --branch feature/gone --unless-destroyed"
    for command in (late, "preview feature-gone", "up feature-gone", "schema check feature-gone"):
        with pytest.raises(GoneError, match=r"was destroyed at 2026-12-01T00:00:00Z[.] Create it again: tee-infra"):
            run(*command.split())
    assert tables_of(checkout, "feature-gone") == []
    again = T0 + timedelta(days=40)
    create_feature(context, request(context, "feature/gone"), again, None, lambda _: None)
    record = read(context, "feature-gone")
    assert (record.created_at, record.seeded, record.destroyed_at) == (again, False, None)
    whole(checkout, context, "feature-gone")


def test_half_destroyed_is_made_whole_also_without_its_record(feature_up: FeatureUp) -> None:
    checkout, context = feature_up
    context.control.write(read(context, "feature-x").with_changes(state="destroying"))
    delete_role(checkout, "feature-x-tee-app")
    make(context, "feature/x")
    whole(checkout, context, "feature-x")

    key = {"pk": {"S": REGISTRY}, "sk": {"S": "feature-x"}}
    checkout.client("dynamodb").delete_item(TableName=names.CONTROL_TABLE, Key=key)
    with pytest.raises(ForeignStackError):
        make(context, "x")
    assert make(context, "feature/x").changes == ()
    assert (read(context, "feature-x").state, read(context, "feature-x").seeded) == ("active", True)

    delete_role(checkout, "feature-x-tee-app")  # as if it had not been saved when the embedded AWS was killed
    make(replace(context, started=True), "feature/x")
    whole(checkout, context, "feature-x")


def test_a_dry_run_writes_nothing(checkout: Checkout, context: FeatureContext, run: Run) -> None:
    before = state_names(checkout)
    shown = json_of(run, "feature", "create", "--branch", "feature/dry", "--dry-run", "--json")
    assert shown["counts"] == {"create": 10}
    assert (state_names(checkout), context.control.record("feature-dry")) == (before, None)
    assert context.control.history("feature-dry") == []


def test_a_restarted_embedded_aws_has_lost_what_nobody_saved(feature_up: FeatureUp) -> None:
    """Records and tables of the last seconds are gone with it; the stack's state is not."""
    checkout, _ = feature_up
    kill_9(checkout.tee("local", "status", "--json").json["pid"])
    context = home_of(checkout)
    assert context.started
    make(context, "feature/x")
    whole(checkout, context, "feature-x")


def test_many_at_once_do_not_disturb_each_other(checkout: Checkout, context: FeatureContext) -> None:
    branches = [f"feature/at-once-{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda branch: create(checkout, branch, "--seed", "none"), branches))
    assert [entry["branch"] for entry in made] == branches
    for branch in branches:
        name = branch.replace("/", "-")
        assert tables_of(checkout, name) == [f"{name}-{table.name}" for table in TABLES]
        assert read(context, name).state == "active"
    assert not [file for file in state_names(checkout) if file.startswith("locks/") and "at-once" in file]


def test_it_is_an_environment_to_every_other_command(feature_up: FeatureUp, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, _ = feature_up
    run, name = in_process(checkout, monkeypatch), "feature-x"
    assert "equal to the catalog" in run("schema", "check", name).output
    run("data", "seed", name, "--members", "3")
    assert items(checkout, f"{name}-tee-admin") == 3
    assert f"{name}: no drift" in run("refresh", name, "--preview-only").output
    assert json_of(run, "up", name, "--json")["environment"] == name
    assert json_of(run, "preview", name, "--json")["changes"] == []
    shown = json_of(run, "show", name, "--json")
    assert (shown["kind"], shown["resources"], shown["outputs"]["tables"]) == ("feature", 10, shown["tables"])
    with pytest.raises(RefusedError, match=f"Run: tee-infra feature destroy {name}"):
        run("down", name, "--yes")
    checkout.client("dynamodb").delete_table(TableName=f"{name}-tee-admin")  # by hand
    assert json_of(run, "up", name, "--json")["counts"] == {"create": 1}
