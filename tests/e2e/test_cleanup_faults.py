"""What a destroy meets that accidents left, and what it leaves when it meets one itself: the next run finishes."""

import json
import signal
import socket
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from tee_infra.core.cleanup.decision import Policy
from tee_infra.workflows.cleanup.run import Planned, Result, execute, plan
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy import Destroyed, destroy_feature
from tee_infra.workflows.features.destroy_steps import LeftoversError
from tests.support.checkout import Checkout
from tests.support.features import (
    NOW,
    STATE,
    FeatureUp,
    checkpoint_of,
    kill,
    kill_engine,
    leave_open,
    make_expired,
    read,
    start,
    tables_of,
    wait_for,
)
from tests.support.homes import make_table, tags_of

pytestmark = pytest.mark.engine

HOUR = timedelta(hours=1)
AT = "2026-12-01T02:00:00Z"
POLICY = Policy(max_destroys=10, limit_confirmed=False, grace=timedelta())


def test_a_cleanup_that_is_killed_in_the_middle_is_finished_by_the_next(
    checkout: Checkout, context: FeatureContext
) -> None:
    make_expired(context, "feature-x")
    run = start(checkout, "cleanup", "--execute", "--by-lease-only", "--now", AT)
    wait_for(run, "delete   aws:")
    kill(checkout, "feature-x", run)
    assert read(context, "feature-x").state == "destroying"
    assert checkpoint_of(checkout, "feature-x").exists()
    (result,) = clean(context)
    assert result.result == "destroyed", result
    gone(checkout, context, "feature-x")
    assert clean(context) == []


def test_ctrl_c_ends_a_cleanup_cleanly_and_the_next_goes_on(checkout: Checkout, context: FeatureContext) -> None:
    make_expired(context, "feature-x")
    run = start(checkout, "cleanup", "--execute", "--by-lease-only", "--now", AT)
    wait_for(run, "delete   aws:")
    run.send_signal(signal.SIGINT)
    printed, _ = run.communicate(timeout=60)
    assert (run.returncode, "Traceback" in printed) == (130, False)
    assert context.locks.live() == {}
    (result,) = clean(context)
    assert result.result == "destroyed", result
    gone(checkout, context, "feature-x")


@pytest.mark.filterwarnings("ignore:Error in event stream")  # the SDK's, of an event that ends in the middle
def test_an_engine_that_dies_in_the_middle_is_tried_once_more_at_once(feature_up: FeatureUp, said: list[str]) -> None:
    checkout, context = expired(feature_up)
    killed = []

    def kill_once(line: str) -> None:
        said.append(line)
        if line.startswith("delete") and not killed:
            killed.append(line)
            kill_engine(checkout, "feature-x")

    destroy(replace(context, report=kill_once), "feature-x")
    assert any("retrying once" in line for line in said)
    gone(checkout, context, "feature-x")


def test_creates_left_open_go_whether_aws_has_the_table_or_not(feature_up: FeatureUp) -> None:
    checkout, context = expired(feature_up)
    opened = [
        f"{prefix}-{table}" for prefix in ("data", "configuration-tables") for table in ("tee-admin", "tee-schedules")
    ]
    leave_open(checkpoint_of(checkout, "feature-x"), opened)
    checkout.client("dynamodb").delete_table(TableName="feature-x-tee-schedules")
    checkout.client("ssm").delete_parameter(Name="/tee/feature-x/tables/tee-schedules")
    done = destroy(context, "feature-x")
    assert (done.deleted, done.swept) == (8, ())
    gone(checkout, context, "feature-x")


def test_a_truncated_checkpoint_and_dead_stack_locks_stop_none_of_the_others(
    checkout: Checkout, context: FeatureContext, said: list[str]
) -> None:
    for name in ("feature-truncated", "feature-sound"):
        make_expired(context, name, up=False)
    broken = checkpoint_of(checkout, "feature-truncated")
    broken.write_bytes(broken.read_bytes()[:40])
    make_table(checkout.client("dynamodb"), "feature-truncated-tee-admin", tags_of("feature-truncated"))
    leave_locks(checkout, "feature-sound")
    planned = look(context)
    shown = {decision.environment: decision.reason_code for decision in planned.plan.decisions}
    assert (shown["feature-truncated"], shown["feature-sound"]) == ("unreadable-state", "expired")
    results = {result.environment: result.result for result in execute(context, planned, NOW, POLICY, HOUR)}
    assert results["feature-sound"] == "destroyed"
    assert "feature-truncated" not in results
    assert tables_of(checkout, "feature-truncated") == ["feature-truncated-tee-admin"]
    assert sum("removed the stale stack lock of" in line for line in said) == 2


def test_a_table_that_is_there_again_after_its_delete_is_caught(feature_up: FeatureUp) -> None:
    checkout, context = expired(feature_up)
    with pytest.raises(LeftoversError, match="table feature-x-tee-admin: it has no tee:\\* tags"):
        destroy(remaking(checkout, context, "feature-x-tee-admin"), "feature-x")
    assert (read(context, "feature-x").state, read(context, "feature-x").failures) == ("destroying", 1)


def expired(feature_up: FeatureUp) -> FeatureUp:
    """The same with a lease of an hour, which is over at `NOW`."""
    _, context = feature_up
    context.control.write(read(context, "feature-x").with_changes(ttl_seconds=3600))
    return feature_up


def remaking(checkout: Checkout, context: FeatureContext, table: str) -> FeatureContext:
    """A home that hears the engine delete a table, and makes it again behind its back."""
    dynamodb = checkout.client("dynamodb")

    def listen(line: str) -> None:
        if line.startswith("delete   aws:dynamodb/table:Table  data-tee-admin"):
            make_table(dynamodb, table, {})

    return replace(context, report=listen)


def leave_locks(checkout: Checkout, name: str) -> None:
    """Of an engine that has died, and of one that died while it wrote."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    told = {"pid": ended.pid, "username": "root", "hostname": socket.gethostname(), "timestamp": AT}
    folder = checkout.directory / STATE / "locks" / "organization" / "tee-infra" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dead.json").write_text(json.dumps(told))
    (folder / "empty.json").write_text("")


def look(context: FeatureContext) -> Planned:
    return plan(context, None, NOW, POLICY)


def clean(context: FeatureContext) -> list[Result]:
    return execute(context, look(context), NOW, POLICY, HOUR)


def destroy(context: FeatureContext, name: str) -> Destroyed:
    with locked(context.locks, name, context.actor, "destroy") as held:
        return destroy_feature(context, read(context, name), NOW, held=held)


def gone(checkout: Checkout, context: FeatureContext, name: str) -> None:
    assert read(context, name).state == "destroyed"
    assert tables_of(checkout, name) == []
    assert checkout.client("iam").list_roles(PathPrefix=f"/tee/{name}/")["Roles"] == []
    assert not checkpoint_of(checkout, name).exists()
    assert context.state.names(f"destroyed/{name}") != []
