"""A fleet's walk through cleanup, as its users and its accidents make it."""

import pytest
from click.testing import Result

from tee_infra.cli.root import root
from tests.support.checkout import Checkout
from tests.support.commands import invoke, json_of
from tests.support.features import checkpoint_of, home_of, kill, make_expired, start, state_names, tables_of, wait_for
from tests.support.homes import make_table

pytestmark = pytest.mark.engine

AT = "2026-12-01T00:00:00Z"
PUSHED_AT = "2026-12-01T01:30:00Z"
CLEANED_AT = "2026-12-01T02:00:00Z"


def test_the_plan_is_right_is_done_exactly_and_once(dev_up: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """One test, as each part begins where the other ended. Most commands run in this process, which is cheaper."""
    monkeypatch.chdir(dev_up.directory)
    gather_fleet(dev_up)
    the_plan_says_what_and_why_and_writes_nothing(dev_up)
    executing_does_exactly_that(dev_up)
    a_second_run_does_nothing(dev_up)


def gather_fleet(checkout: Checkout) -> None:
    """Dev, and features of which some were used, held, broken or lost since `AT`."""
    create("feature/pushed", AT)
    context = home_of(checkout)
    make_expired(context, "feature-expired")
    make_expired(context, "feature-lost")
    make_expired(context, "feature-held", up=False)
    create("feature/pushed", PUSHED_AT)
    run("feature", "hold", "feature-held", "--reason", "the demo", "--for", "7d", "--now", AT)
    broken = start(checkout, "feature", "create", "--branch", "feature/broken", "--ttl", "1h", "--now", AT)
    wait_for(broken, "create   aws:")
    kill(checkout, "feature-broken", broken)
    checkpoint_of(checkout, "feature-lost").unlink()
    make_table(checkout.client("dynamodb"), "feature-expired-tee-admin-old", {})


def the_plan_says_what_and_why_and_writes_nothing(checkout: Checkout) -> None:
    before = written(checkout)
    planned = json_of(run, "cleanup", *cleanup_options(checkout))
    assert {found["environment"]: (found["action"], found["reason_code"]) for found in planned["decisions"]} == {
        "dev": ("keep", "standing"),
        "feature-broken": ("destroy", "expired-half-created"),
        "feature-expired": ("destroy", "expired"),
        "feature-expired-tee-admin-old": ("review", "unmanaged"),
        "feature-held": ("keep", "held"),
        "feature-lost": ("destroy", "state-lost"),
        "feature-pushed": ("keep", "leased"),
    }
    assert "results" not in planned
    assert written(checkout) == before


def executing_does_exactly_that(checkout: Checkout) -> None:
    kept = [table for name in ("dev", "feature-pushed") for table in tables_of(checkout, name)]
    roles = checkout.client("iam").list_roles(PathPrefix="/tee/dev/")["Roles"]
    done = checkout.tee("cleanup", "--execute", *cleanup_options(checkout)).json
    assert {result["environment"]: result["result"] for result in done["results"]} == dict.fromkeys(
        ("feature-broken", "feature-expired", "feature-lost"), "destroyed"
    )
    assert checkout.tables() == sorted([*kept, "feature-expired-tee-admin-old"])
    assert checkout.client("iam").list_roles(PathPrefix="/tee/dev/")["Roles"] == roles
    assert (len(kept), len(roles)) == (6, 5)
    assert checkpoint_of(checkout, "feature-held").exists()


def a_second_run_does_nothing(checkout: Checkout) -> None:
    before = written(checkout)
    assert json_of(run, "cleanup", "--execute", *cleanup_options(checkout))["results"] == []
    assert written(checkout) == before


def cleanup_options(checkout: Checkout) -> list[str]:
    branches = checkout.directory / "branches"
    branches.write_text("main\nfeature/expired\nfeature/held\nfeature/lost\nfeature/pushed\nfeature/broken\n")
    return ["--branches-file", str(branches), "--now", CLEANED_AT, "--json"]


def create(branch: str, now: str) -> None:
    run("feature", "create", "--branch", branch, "--ttl", "1h", "--seed", "none", "--now", now)


def run(*arguments: str) -> Result:
    return invoke(root, *arguments)


def written(checkout: Checkout) -> tuple[list, list[str]]:
    """The whole control table but for locks, and the state's files."""
    items = checkout.client("dynamodb").scan(TableName="tee-control")["Items"]
    return sorted(str(item) for item in items if item["pk"]["S"] != "locks"), state_names(checkout)
