"""Plain `pulumi` and `tee-infra` are two ways into one program."""

import pytest

from tests.support.checkout import Checkout

pytestmark = pytest.mark.engine


def test_plain_pulumi_has_nothing_to_change_after_tee_infra(dev_up: Checkout) -> None:
    done = dev_up.pulumi("preview", "-s", "dev", "--expect-no-changes")
    assert done.code == 0, done.out + done.err
    assert "target: embedded AWS at http://127.0.0.1:" in done.out


def test_tee_infra_has_nothing_to_change_after_plain_pulumi(checkout: Checkout) -> None:
    done = checkout.pulumi("up", "--yes", "-s", "dev")
    assert done.code == 0, done.out + done.err
    assert checkout.tee("preview", "dev", "--json").json["changes"] == []


def test_a_production_preview_names_no_default_provider(dev_up: Checkout) -> None:
    done = dev_up.pulumi("preview", "-s", "prod", "--diff")
    assert done.code == 0, done.out + done.err
    assert "default" not in [
        word for line in done.out.splitlines() if "pulumi:providers" in line for word in line.split("_")
    ]
    assert "prod-tee-admin" in done.out


def test_refresh_finds_what_was_changed_behind_its_back(dev_up: Checkout) -> None:
    assert dev_up.pulumi("refresh", "--preview-only", "--expect-no-changes", "-s", "dev").code == 0
    dev_up.client("dynamodb").update_table(TableName="dev-tee-admin", DeletionProtectionEnabled=True)
    found = dev_up.tee("refresh", "dev", "--preview-only", "--json")
    assert found.code == 5
    assert [change["name"] for change in found.json["changes"]] == ["data-tee-admin"]
    assert dev_up.tee("refresh", "dev").code == 0
    assert dev_up.tee("up", "dev", "--yes").code == 0
    table = dev_up.client("dynamodb").describe_table(TableName="dev-tee-admin")["Table"]
    assert table["DeletionProtectionEnabled"] is False


def test_a_table_that_was_deleted_behind_its_back_comes_again(dev_up: Checkout) -> None:
    dev_up.client("dynamodb").delete_table(TableName="dev-tee-admin")
    assert dev_up.tee("refresh", "dev").code == 0
    assert dev_up.tee("up", "dev", "--yes").code == 0
    assert "dev-tee-admin" in dev_up.tables()
