from typing import Any

import pytest

from tee_infra.core.cost import prices
from tee_infra.core.cost.resource import TABLE, Cost, estimate

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is not known before something is made."""


def on_demand(**more: Any) -> dict[str, Any]:
    return {"billingMode": "PAY_PER_REQUEST", "tableClass": "STANDARD", **more}


def cap(units: int) -> dict[str, Any]:
    return {"onDemandThroughput": {"maxReadRequestUnits": units, "maxWriteRequestUnits": units}}


def test_a_capped_table_costs_what_it_stores_and_at_most_its_caps() -> None:
    inputs = on_demand(**cap(5), globalSecondaryIndexes=[{"name": "by-date", **cap(5)}])
    cost = estimate(TABLE, inputs)
    assert cost == Cost(gb_usd=0.25, most_requests_usd=pytest.approx(2 * 9.855))


@pytest.mark.parametrize(
    "inputs",
    [
        on_demand(),
        on_demand(**cap(-1)),
        on_demand(onDemandThroughput={"maxReadRequestUnits": 5}),
        on_demand(**cap(5), globalSecondaryIndexes=[{"name": "by-date"}]),
    ],
)
def test_one_side_or_one_index_without_a_cap_is_no_cap(inputs: dict[str, Any]) -> None:
    cost = estimate(TABLE, inputs)
    assert cost is not None
    assert cost.most_requests_usd is None


def test_recovery_is_paid_by_what_is_stored() -> None:
    assert estimate(TABLE, on_demand(pointInTimeRecovery={"enabled": True})) == Cost(
        gb_usd=0.45, most_requests_usd=None
    )
    assert estimate(TABLE, on_demand(pointInTimeRecovery={"enabled": False})) == Cost(
        gb_usd=0.25, most_requests_usd=None
    )


def test_provisioned_capacity_costs_at_rest_and_requests_nothing_more() -> None:
    capacity = {"readCapacity": 10, "writeCapacity": 10}
    table = {**capacity, "billingMode": "PROVISIONED", "globalSecondaryIndexes": [{"name": "by-date", **capacity}]}
    cost = estimate(TABLE, table)
    assert cost == Cost(usd=2 * prices.provisioned_usd("STANDARD", 10, 10), gb_usd=0.25)


@pytest.mark.parametrize(
    ("inputs", "dollars"),
    [
        ({"metricName": "Errors"}, 0.10),
        ({"metricQueries": [{"expression": "a + b"}, {"metric": {}}, {"metric": {}}]}, 0.20),
        ({"metricQueries": [{"expression": "band"}, {"metric": {}}], "thresholdMetricId": "band"}, 0.30),
    ],
)
def test_an_alarm_costs_by_the_metric(inputs: dict[str, Any], dollars: float) -> None:
    assert estimate(ALARM, inputs) == Cost(usd=pytest.approx(dollars))


def test_what_begins_to_cost_with_use_costs_nothing_at_rest() -> None:
    assert estimate("aws:iam/role:Role", {}) == Cost()


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:ec2/instance:Instance", {}),
        (TABLE, on_demand(tableClass=UNKNOWN)),
        (TABLE, on_demand(onDemandThroughput={"maxReadRequestUnits": UNKNOWN, "maxWriteRequestUnits": 5})),
        (TABLE, {"billingMode": "PROVISIONED", "readCapacity": "[secret]", "writeCapacity": 1}),
        (TABLE, on_demand(pointInTimeRecovery="[secret]")),
        (TABLE, on_demand(globalSecondaryIndexes=UNKNOWN)),
        (ALARM, {"metricQueries": UNKNOWN}),
    ],
)
def test_what_has_no_known_price_is_not_given_one(type_: str, inputs: dict[str, Any]) -> None:
    assert estimate(type_, inputs) is None
