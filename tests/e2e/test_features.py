"""Feature environments with the real engine: made, made again, interrupted, lost, many at once."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_table import REGISTRY
from tee_infra.aws.identity import NoAccessError
from tee_infra.cli.root import root
from tee_infra.core import names
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.lifecycle.transitions import CreateRequest, GoneError
from tee_infra.core.settings import SettingsError
from tee_infra.core.tables import catalog
from tee_infra.core.tables.catalog import TABLES, Key
from tee_infra.errors import RefusedError, TeeInfraError
from tee_infra.workflows.control.records import UnregisteredError
from tee_infra.workflows.features.admission import ForeignStackError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.create import create_feature
from tee_infra.workflows.features.request import ForkError
from tests.support.checkout import ROOT, Checkout, checkout_in
from tests.support.commands import invoke, json_of
from tests.support.features import (
    T0,
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
from tests.support.homes import record_of

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("features")]

NOW = "2026-12-01T00:00:00Z"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """One embedded AWS for all: each test has branches of its own."""
    with checkout_in(tmp_path_factory.mktemp("features")) as common:
        for standing in ("prod", "test"):  # each takes the engine a while to prepare
            (common.directory / f"Pulumi.{standing}.yaml").unlink()
        common.set("dev", max_feature_environments=100)
        assert common.tee("local", "start").code == 0
        yield common


@pytest.fixture
def run(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command in this process, which is cheaper; errors are raised as the root command sees them."""
    monkeypatch.chdir(checkout.directory)
    return lambda *arguments: invoke(root, *arguments)


def request(context: FeatureContext, branch: str, **fields: Any) -> CreateRequest:
    environment = names.feature_environment(branch, context.host.repository)
    known = {"repository": context.host.repository, "owner": "ann", "seed": "none"}
    return CreateRequest(environment=environment, branch=branch, **known | fields)


def make(context: FeatureContext, branch: str, **fields: Any) -> EngineRun:
    return create_feature(context, request(context, branch, **fields), T0, None, lambda _: None).plan


def create(checkout: Checkout, branch: str, *options: str) -> Any:
    done = checkout.tee("feature", "create", "--branch", branch, "--now", NOW, "--json", *options)
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
    ).plan
    assert {change.operation for change in changed.changes} == {"update"}
    assert {path for change in changed.changes for path in change.differences} == {'tags["tee:expires-at"]'}
    assert "Item" not in dynamodb.get_item(TableName="feature-later-tee-admin", Key=key)
    assert read(context, "feature-later").deployed_until == T0 + timedelta(hours=73)

    def refuse(plan: EngineRun) -> None:
        raise RefusedError(", ".join(change.name for change in plan.destructive))

    monkeypatch.setattr(catalog, "TABLES", (replace(TABLES[0], sort_key=Key("range")), *TABLES[1:]))
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
        with pytest.raises(GoneError, match=r"was destroyed at 2026-12-01T00:00:00Z[.] To make it anew: tee-infra"):
            run(*command.split())
    assert tables_of(checkout, "feature-gone") == []
    again = T0 + timedelta(days=40)
    create_feature(context, request(context, "feature/gone"), again, None, lambda _: None)
    record = read(context, "feature-gone")
    assert (record.created_at, record.seeded, record.destroyed_at) == (again, False, None)
    whole(checkout, context, "feature-gone")


def test_half_destroyed_is_made_whole_also_without_its_record(checkout: Checkout, context: FeatureContext) -> None:
    make(context, "feature/half")
    context.control.write(read(context, "feature-half").changed(state="destroying"))
    delete_role(checkout, "feature-half-tee-app")
    make(context, "feature/half")
    whole(checkout, context, "feature-half")

    key = {"pk": {"S": REGISTRY}, "sk": {"S": "feature-half"}}
    checkout.client("dynamodb").delete_item(TableName=names.CONTROL_TABLE, Key=key)
    with pytest.raises(ForeignStackError):
        make(context, "half")
    assert make(context, "feature/half").changes == ()
    assert (read(context, "feature-half").state, read(context, "feature-half").seeded) == ("active", True)

    delete_role(checkout, "feature-half-tee-app")  # as if it had not been saved when the embedded AWS was killed
    make(replace(context, started=True), "feature/half")
    whole(checkout, context, "feature-half")


def test_a_dry_run_writes_nothing(checkout: Checkout, context: FeatureContext, run: Run) -> None:
    before = state_names(checkout)
    shown = json_of(run, "feature", "create", "--branch", "feature/dry", "--dry-run", "--json")
    assert shown["counts"] == {"create": 10}
    assert (state_names(checkout), context.control.record("feature-dry")) == (before, None)
    assert context.control.history("feature-dry") == []


def test_a_restarted_embedded_aws_has_lost_what_nobody_saved(tmp_path: Path) -> None:
    """Records and tables of the last seconds are gone with it; the stack's state is not."""
    with checkout_in(tmp_path) as checkout:
        for standing in ("prod", "staging", "test"):
            (tmp_path / f"Pulumi.{standing}.yaml").unlink()
        make(home_of(checkout), "feature/x")
        os.kill(checkout.tee("local", "status", "--json").json["pid"], signal.SIGKILL)
        context = home_of(checkout)
        assert context.started
        make(context, "feature/x")
        whole(checkout, context, "feature-x")


def test_ten_at_once_do_not_disturb_each_other(checkout: Checkout, context: FeatureContext) -> None:
    branches = [f"feature/at-once-{number}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda branch: create(checkout, branch, "--seed", "none"), branches))
    assert [entry["branch"] for entry in made] == branches
    for branch in branches:
        name = branch.replace("/", "-")
        assert tables_of(checkout, name) == [f"{name}-{table.name}" for table in TABLES]
        assert read(context, name).state == "active"
    assert not [file for file in state_names(checkout) if file.startswith("locks/") and "at-once" in file]


def test_it_is_an_environment_to_every_other_command(checkout: Checkout, context: FeatureContext, run: Run) -> None:
    make(context, "feature/all-round")
    name = "feature-all-round"
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


def test_a_lease_is_extended_held_released_and_shown(context: FeatureContext, run: Run) -> None:
    context.control.write(record_of("feature-leased", created_at=T0, last_activity=T0, ttl_seconds=72 * 3600))
    name, at = "feature-leased", ("--now", "2026-12-02T23:30:00Z")
    assert "(in 30 min); ends soon" not in run("feature", "show", name, "--now", NOW).output
    assert (
        f"{name}: lease until 2026-12-07T23:30:00Z (in 5 d)"
        in run("feature", "extend", name, "--ttl", "5d", *at).output
    )
    extended = json_of(run, "feature", "extend", "--branch", "feature/leased", "--ttl", "14d", "--json", *at)
    assert extended["expires_at"] == "2026-12-16T23:30:00Z"
    held = json_of(run, "feature", "hold", name, "--reason", "the demo", "--for", "7d", "--json", *at)
    assert (held["hold"]["reason"], held["hold"]["until"]) == ("the demo", "2026-12-09T23:30:00Z")
    close = run("feature", "list", "--now", "2026-12-16T22:00:00Z").output
    assert re.search(rf"^{name} .* in 1 h 30 min !! ", close, re.MULTILINE)
    assert "held until" not in run("feature", "release", name, *at).output
    shown = run("feature", "show", name, *at).output
    assert "lease until 2026-12-16T23:30:00Z (in 14 d)" in shown
    assert re.search(r"extend begun .*extend done .*hold done by .*: the demo\n.*release begun", shown, re.DOTALL)
    assert re.search(rf"{name}-tee-admin +missing", shown)


UNKNOWN = [
    "up feature-x",
    "preview feature-x",
    "schema check feature-x",
    "show feature-x",
    "feature extend feature-x --ttl 1h",
    "feature extend --branch feature/x --ttl 1h",
    "feature show feature-x",
    "feature destroy feature-x",
]


@pytest.mark.parametrize("command", UNKNOWN)
def test_what_nobody_made_is_one_error_everywhere(run: Run, command: str) -> None:
    with pytest.raises(
        UnregisteredError, match=r"To create it from its branch: tee-infra feature create --branch feature/x$"
    ):
        run(*command.split())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("create --branch feature/a..b", 2, "git does not allow this branch name"),
        ("create --branch feature/prod", 2, "'prod' is reserved"),
        ("create --branch feature/a --ttl 15d", 2, "--ttl is '15d'; write minutes, hours or days"),
        ("create --branch feature/a --owner a/b", 2, "--owner 'a/b': not allowed"),
        ("create --branch feature/a --from staging", 2, "only valid with --seed anonymized"),
        ("create --branch feature/a --seed anonymized", 2, "no SSM parameter /tee/staging/anonymize-key"),
        ("create --branch feature/a --now yesterday", 2, "--now: 'yesterday' is not a time"),
        ("extend feature-a --branch feature/a --ttl 1h", 2, "needs exactly one of ENV and --branch BRANCH"),
        ("extend dev --ttl 1h", 2, "dev: permanent environment"),
        ("hold feature-a --reason ' ' --for 7d", 2, "--reason: 0 characters"),
        ("hold feature-a --reason x --for 31d", 2, "--for is '31d'"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(
    run: Run, context: FeatureContext, arguments: str, code: int, said: str
) -> None:
    with pytest.raises(TeeInfraError, match=re.escape(said)) as refused:
        run("feature", *shlex.split(arguments))
    assert refused.value.exit_code == code
    assert context.control.record("feature-a") is None


def test_an_account_is_named_and_another_clock_or_no_credentials_refused(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Checkout(tmp_path)
    for path in ROOT.glob("Pulumi*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    checkout.set("dev", account_id="111122223333", repository="acme/app")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, os.devnull)
    for command in (("list",), ("create", "--branch", "feature/a"), ("extend", "feature-a", "--ttl", "1h")):
        with pytest.raises(NoAccessError, match="no access to AWS account 111122223333: there are no credentials"):
            run("feature", *command)
    monkeypatch.setenv("GITHUB_REPOSITORY", "mallory/app")
    with pytest.raises(ForkError):
        run("feature", "create", "--branch", "feature/a")
    (tmp_path / "Pulumi.dev.yaml").unlink()
    with pytest.raises(SettingsError, match=r"Pulumi\.dev\.yaml: no such file"):
        run("feature", "list")
