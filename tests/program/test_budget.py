from typing import Any

import pytest

from tests.support.recording import record, standard

ADDRESS = "ops@acme.test"


@pytest.mark.parametrize(("stack", "limit"), [("prod", "200.00"), ("staging", "50.00"), ("dev", "20.00")])
def test_the_limit_is_of_what_has_the_environments_tag(stack: str, limit: str) -> None:
    (budget,) = standard(stack).of("aws:budgets/budget:Budget")

    assert budget.inputs["name"] == f"{stack}-tee-monthly"
    assert (budget.inputs["limitAmount"], budget.inputs["limitUnit"]) == (limit, "USD")
    assert (budget.inputs["budgetType"], budget.inputs["timeUnit"]) == ("COST", "MONTHLY")
    assert budget.inputs["costFilters"] == [{"name": "TagKeyValue", "values": [f"user:tee:environment${stack}"]}]


@pytest.mark.parametrize("stack", ["test", "feature-x"])
def test_no_limit_no_budget(stack: str) -> None:
    assert standard(stack).of("aws:budgets/budget:Budget") == []


@pytest.mark.parametrize(
    ("settings", "subscribers"),
    [
        ({"alarms": False}, None),
        ({"alarms": False, "alert_email": ADDRESS}, {"subscriberEmailAddresses": [ADDRESS]}),
        ({"alarms": True}, {"subscriberSnsTopicArns": ["arn:of:monitoring-topic"]}),
        (
            {"alarms": True, "alert_email": ADDRESS},
            {"subscriberEmailAddresses": [ADDRESS], "subscriberSnsTopicArns": ["arn:of:monitoring-topic"]},
        ),
    ],
)
def test_it_tells_whoever_there_is_to_tell(settings: dict[str, Any], subscribers: dict[str, Any] | None) -> None:
    (budget,) = record("dev", settings).of("aws:budgets/budget:Budget")

    if subscribers is None:
        assert "notifications" not in budget.inputs
        return
    for notification in budget.inputs["notifications"]:
        assert {key: notification[key] for key in notification if key.startswith("subscriber")} == subscribers
