"""The main job, as a user does it: preview, up, again, change, down."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tee_infra.core.tables import catalog
from tee_infra.core.tables.catalog import TABLES, Key
from tests.support.checkout import Checkout

pytestmark = pytest.mark.engine


def test_up_creates_what_preview_showed_and_the_tables_work(fresh: Checkout) -> None:
    shown = fresh.tee("preview", "dev", "--json").json
    assert set(shown["counts"]) == {"create"}
    assert fresh.tables() == []

    made = fresh.tee("up", "dev", "--yes", "--json").json
    assert urns(made) == urns(shown)
    assert fresh.tables() == ["dev-tee-admin", "dev-tee-schedules", "dev-tee-sync-status"]
    assert made["tables"]["tee-admin"] == "dev-tee-admin"

    client = fresh.client("dynamodb")
    for table in TABLES:
        name = made["tables"][table.name]
        live = client.describe_table(TableName=name)["Table"]
        assert [key["AttributeName"] for key in live["KeySchema"]] == ["pk", "sk"]
        assert [index["IndexName"] for index in live.get("GlobalSecondaryIndexes", [])] == [
            i.name for i in table.indexes
        ]
        assert live["StreamSpecification"]["StreamViewType"] == table.stream_view
        time_to_live = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert time_to_live.get("AttributeName") == table.ttl_attribute
        tags = {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=live["TableArn"])["Tags"]}
        assert tags["tee:environment"] == "dev"
        item = {key.name: {key.type: "x"} for key in table.key_attributes}
        client.put_item(TableName=name, Item=item)
        assert client.get_item(TableName=name, Key={"pk": {"S": "x"}, "sk": {"S": "x"}})["Item"] == item

    assert fresh.tee("preview", "dev", "--json").json["changes"] == []


def test_down_asks_for_the_name_and_removes_everything(dev_up: Checkout) -> None:
    before = digests(dev_up.directory)
    refused = dev_up.tee("down", "dev", typed="prod\n")
    assert refused.code == 3
    assert "Nothing was changed" in refused.err
    assert len(dev_up.tables()) == 3
    assert dev_up.tee("down", "dev", typed="dev\n").code == 0
    assert dev_up.tables() == []
    assert dev_up.client("iam").list_roles()["Roles"] == []
    assert dev_up.client("ssm").describe_parameters()["Parameters"] == []
    listed = {entry["environment"]: entry["resources"] for entry in dev_up.tee("list", "--json").json}
    assert listed["dev"] == 0
    assert dev_up.pulumi("up", "--yes", "-s", "dev").code == 0
    assert len(dev_up.tables()) == 3
    assert digests(dev_up.directory) == before


def test_a_changed_setting_is_one_update_in_place(dev_up: Checkout) -> None:
    dev_up.set("dev", monthly_budget_usd=33.0)
    shown = dev_up.tee("preview", "dev", "--json").json
    assert [(change["operation"], change["type"]) for change in shown["changes"]] == [
        ("update", "aws:budgets/budget:Budget")
    ]
    assert dev_up.tee("up", "dev", "--yes").code == 0
    assert dev_up.tee("preview", "dev", "--json").json["changes"] == []


def test_a_key_change_replaces_on_dev_and_is_refused_on_prod(
    prod_up: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_key = (replace(TABLES[0], sort_key=Key("range")), *TABLES[1:])
    monkeypatch.setattr(catalog, "VERSIONS", {1: other_key})

    replaced = prod_up.stack("dev").preview().destructive
    assert [(change.operation, change.name) for change in replaced if "table:Table" in change.type] == [
        ("replace", "data-tee-admin")
    ]
    before = prod_up.tables()
    monkeypatch.setattr(catalog, "VERSIONS", {1: other_key[:2]})  # and a table is gone, with all that is its own
    told = prod_up.tee("preview", "prod", "--json")
    assert told.code == 3
    blocked = {change["name"]: change["operation"] for change in told.json["changes"] if change["blocked"]}
    assert {"data-tee-admin": "replace", "data-tee-sync-status": "delete"}.items() <= blocked.items()
    free = [change["name"] for change in told.json["changes"] if not change["blocked"]]
    assert "configuration-tables-tee-sync-status" in free
    refused = prod_up.tee("up", "prod", "--yes")
    assert refused.code == 3
    assert all(name in refused.err for name in blocked)
    assert prod_up.tables() == before


def test_a_protected_prod_refuses_to_go_down(prod_up: Checkout) -> None:
    before = prod_up.tables()
    refused = prod_up.tee("down", "prod", "--yes")
    assert refused.code == 3
    assert "protects" in refused.err
    assert "in a slot beside it (prod-v2)" in refused.err
    assert prod_up.tables() == before


def test_prod_comes_up_and_has_nothing_left_to_change(prod_up: Checkout) -> None:
    shown = prod_up.tee("show", "prod", "--json").json
    assert list(shown["tables"].values()) == [f"prod-{table.name}" for table in TABLES]
    assert prod_up.tee("preview", "prod", "--json").json["changes"] == []
    assert prod_up.tee("refresh", "prod", "--preview-only").code == 0


@pytest.mark.parametrize("name", ["staging", "test", "prod-v2", "feature-new-auth"])
def test_every_kind_comes_up_and_has_nothing_left_to_change(checkout: Checkout, name: str) -> None:
    if name == "prod-v2":
        checkout.add(name)
    if name == "feature-new-auth":
        checkout.add(name, branch="feature/new-auth", expires_at="2026-12-01T00:00:00Z")
    made = checkout.tee("up", name, "--yes", "--json")
    assert made.code == 0, made.err
    assert list(made.json["tables"].values()) == [f"{name}-{table.name}" for table in TABLES]
    assert checkout.tee("preview", name, "--json").json["changes"] == []
    assert checkout.tee("refresh", name, "--preview-only").code == 0


def test_no_command_rewrites_a_stack_file(dev_up: Checkout) -> None:
    before = digests(dev_up.directory)
    for command in (["up", "dev", "--yes"], ["refresh", "dev"], ["list"]):
        assert dev_up.tee(*command).code == 0
    assert dev_up.pulumi("preview", "-s", "test").code == 0
    assert digests(dev_up.directory) == before


def test_list_and_show_tell_the_same(dev_up: Checkout) -> None:
    listed = {entry["environment"]: entry for entry in dev_up.tee("list", "--json").json}
    assert listed.keys() >= {"dev", "prod", "staging", "test"}
    shown = dev_up.tee("show", "dev", "--json").json
    assert {key: shown[key] for key in listed["dev"]} == listed["dev"]
    assert shown["tables"]["tee-admin"] == "dev-tee-admin"
    assert (shown["owner"], shown["expires_at"]) == ("platform", None)
    assert shown["outputs"]["tables"] == shown["tables"]


def urns(plan: dict[str, Any]) -> set[str]:
    return {change["urn"] for change in plan["changes"]}


def digests(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.glob("Pulumi*.yaml")}
