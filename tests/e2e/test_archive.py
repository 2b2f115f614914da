"""The tables of a slot that a switch has replaced are deleted, and nothing that others or their backups need."""

import pytest

from tee_infra.aws.control_store import ControlItems
from tee_infra.core.app_config import table_names
from tee_infra.core.environments import parse_environment
from tests.e2e.test_legacy import session_of
from tests.support.checkout import Checkout
from tests.support.retirement import consumed, replaced

pytestmark = pytest.mark.engine


def test_an_archived_slot_loses_its_tables_and_keeps_what_others_need(prod_up: Checkout) -> None:
    tables = list(table_names(parse_environment("prod")).values())
    items = ControlItems.connect(session_of(prod_up).connection)
    replaced(items, "prod", "prod-v2")
    consumed(prod_up.client("cloudwatch"), "prod")
    place = str(prod_up.directory / "final")
    prod_up.set("prod", archived=True)
    blocked = prod_up.tee("up", "prod", "--yes")
    assert (blocked.code, set(tables) - set(prod_up.tables())) == (3, set()), blocked.err

    done = prod_up.tee("archive", "prod-v1", "--output", place, typed=f"{' '.join(tables)}\n")

    assert done.code == 0, done.err
    assert not set(tables) & set(prod_up.tables())
    iam, kms, ssm = (prod_up.client(service) for service in ("iam", "kms", "ssm"))
    assert iam.get_role(RoleName="prod-tee-app")
    assert "alias/prod-tee" in {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    parameters = {entry["Name"] for entry in ssm.describe_parameters()["Parameters"]}
    assert {name for name in parameters if name.startswith("/tee/prod/")} == {"/tee/prod/active-slot"}
    alarms = {alarm["AlarmName"] for alarm in prod_up.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert {name for name in alarms if name.startswith("prod-")} == {"prod-tee-other-callers"}
    after = prod_up.tee("up", "prod", "--yes", "--json")
    assert (after.code, after.json["changes"], after.json["tables"]) == (0, [], {}), after.err
