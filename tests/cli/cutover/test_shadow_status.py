"""`tee-infra migrate status`: what the app's clients found while they repeated reads in the target."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.root import root
from tests.support.commands import json_of
from tests.support.homes import Moto, make_control_table

NOW = datetime.now(UTC)
TABLE = {
    "phase": "following",
    "estimated_items": 5,
    "items": 5,
    "quarantined": 0,
    "repaired": 0,
    "throttled": 0,
    "throttles": {},
    "unanswered": 0,
}
REPORT = {
    "source": "prod",
    "target": "prod-v2",
    "holder": "ann on laptop, process 1",
    "at": NOW.isoformat(),
    "running": False,
    "tables": {"tee-admin": TABLE},
}


@pytest.fixture
def items(dynamodb: DynamoDb) -> ControlItems:
    connection = Moto(endpoint=dynamodb.endpoint)
    make_control_table(connection)
    items = ControlItems.connect(connection)
    assert items.put({"pk": "replications", "sk": "prod#prod-v2", "report": REPORT}, None)
    return items


def count(items: ControlItems, counts: Any) -> None:
    window = int(NOW.timestamp()) // 600
    item = {"pk": "pointer#prod", "sk": f"shadow#prod-v2#{window % 144:03d}", "window": window, "counts": counts}
    assert items.put(item, None)


def test_mismatches_and_latencies_are_shown_by_table(items: ControlItems, run: Callable[..., Result]) -> None:
    counts = {"reads#tee-admin": 1500, "differ#tee-admin": 2, "reads#tee-schedules": 9, "failed#tee-schedules": 1}
    count(items, counts | {"o40": 1509, "n42": 1509})
    (found,) = json_of(run, root, "migrate", "status", "prod", "--json")
    shadow = found["shadow_reads"]
    assert shadow["tables"]["tee-admin"] == {"reads": 1500, "mismatches": 2, "failed": 0}
    assert shadow["tables"]["tee-schedules"] == {"reads": 9, "mismatches": 0, "failed": 1}
    assert 1.1 < shadow["p99_ratio"] < 1.2
    assert (shadow["still_sent"], shadow["problem"]) == (True, None)
    shown = run(root, "migrate", "status", "prod").stdout
    assert "shadow reads: 1,509 compared, 2 differ, 2 of 1,500 in tee-admin, 1 failed, p50 is 1.14" in shown


def test_an_app_that_sends_none_has_none(items: ControlItems, run: Callable[..., Result]) -> None:
    assert json_of(run, root, "migrate", "status", "prod", "--json")[0]["shadow_reads"] is None
    assert "shadow" not in run(root, "migrate", "status", "prod").stdout


def test_counts_that_cannot_be_read_are_a_problem(items: ControlItems, run: Callable[..., Result]) -> None:
    count(items, {"later": 1})
    assert "later" in json_of(run, root, "migrate", "status", "prod", "--json")[0]["shadow_reads"]["problem"]
    assert "unknown to this version" in run(root, "migrate", "status", "prod").stdout
