import json
from datetime import timedelta
from typing import Any

from tee_infra.aws.control_table import REGISTRY
from tee_infra.core import names
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.list import list_features, show_feature
from tee_infra.workflows.session.checkout import NAME as PROJECT
from tests.support.homes import NOW, client, make_table, record_of

HOUR = timedelta(hours=1)


def facts(context: FeatureContext, **options: bool) -> dict[str, dict[str, Any]]:
    listed = list_features(context, **{"tombstones": False} | options)
    return {entry.environment: entry.facts(context, NOW) for entry in listed}


def test_what_ends_first_comes_first_and_what_is_gone_on_demand_only(context: FeatureContext) -> None:
    for name, hours in (("feature-a", 9), ("feature-b", 5), ("feature-c", 7)):
        context.control.write(record_of(name, ttl_seconds=hours * 3600))
    context.control.write(record_of("feature-gone", state="destroyed", destroyed_at=NOW))
    assert list(facts(context)) == ["feature-b", "feature-c", "feature-a"]
    everything = facts(context, tombstones=True)
    assert everything["feature-gone"]["destroyed_at"] == "2026-12-01T00:00:00Z"
    assert everything["feature-gone"]["items"] is None


def test_one_bad_record_hides_no_other(context: FeatureContext) -> None:
    context.control.write(record_of("feature-a"))
    context.control.write(record_of("feature-b", owner="who/ever"))
    context.control.write(record_of("prod-hotfix"))
    item = {"pk": {"S": REGISTRY}, "sk": {"S": "feature-c"}, "version": {"N": "1"}, "record": {"M": {}}}
    client(context.connection, "dynamodb").put_item(TableName=names.CONTROL_TABLE, Item=item)
    listed = facts(context)
    assert list(listed) == ["feature-b", "feature-c", "prod-hotfix", "feature-a"]
    assert "environment.owner is 'who/ever'" in listed["feature-b"]["problem"]
    assert "cannot be read" in listed["feature-c"]["problem"]
    assert "unknown environment 'prod-hotfix'" in listed["prod-hotfix"]["problem"]
    assert listed["feature-c"]["expires_at"] is None
    assert listed["feature-a"]["problem"] is None


def test_countdown_size_and_missing_tables_are_told(context: FeatureContext) -> None:
    context.control.write(record_of("feature-a", ttl_seconds=3 * 3600))
    context.control.write(record_of("feature-b"))
    dynamodb = client(context.connection, "dynamodb")
    make_table(dynamodb, "feature-a-tee-admin", {})
    dynamodb.put_item(TableName="feature-a-tee-admin", Item={"pk": {"S": "x"}})
    listed = facts(context)
    first = listed["feature-a"]
    assert (first["expires_at"], first["expired"], first["warning"]) == ("2026-12-01T01:00:00Z", False, 2)
    assert (listed["feature-b"]["expired"], listed["feature-b"]["warning"]) == (True, None)
    assert first["items"] == 1
    assert first["missing"] == ["feature-a-tee-schedules", "feature-a-tee-sync-status"]
    assert first["monthly_usd"] >= 0
    assert first["tables"]["tee-admin"] == "feature-a-tee-admin"
    assert first["app"]["STAGE"] == "feature-a"


def test_who_holds_the_lock_is_told(context: FeatureContext) -> None:
    context.control.write(record_of("feature-a"))
    context.locks.acquire("feature-a", "bob on desk, process 7", "tee-infra feature destroy")
    lock = facts(context)["feature-a"]["lock"]
    assert (lock["holder"], lock["purpose"]) == ("bob on desk, process 7", "tee-infra feature destroy")


def test_one_is_shown_with_its_outputs_and_what_was_done_to_it(context: FeatureContext) -> None:
    context.control.write(record_of("feature-a"))
    assert show_feature(context, "feature-a").outputs == {}
    stack = {"urn": "urn::stack", "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"kind": "feature"}}
    with context.state.write(checkpoint_file(PROJECT, "feature-a")) as file:
        file.write(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}).encode())
    shown = show_feature(context, "feature-a")
    assert shown.outputs == {"kind": "feature"}
    assert shown.history == []
