import json
from typing import Any

import pytest

from tee_infra.core.resources.alarms import alarms
from tee_infra.core.tables.catalog import TABLES
from tests.support.recording import ACCOUNT, Run, record, standard

TOPIC = "arn:of:monitoring-topic"


def alarm(run: Run, name: str) -> dict[str, Any]:
    (found,) = [r.inputs for r in run.of("MetricAlarm") if r.inputs["name"] == name]
    return found


@pytest.mark.parametrize(("stack", "there"), [("prod", True), ("staging", True), ("dev", False), ("feature-x", False)])
def test_alarms_are_a_setting(stack: str, there: bool) -> None:
    run = standard(stack)

    assert bool(run.of("MetricAlarm")) is bool(run.of("Topic")) is bool(run.of("Dashboard")) is there
    assert (run.outputs.get("dashboard_url") is not None) is there


def test_every_alarm_is_made_and_tells_the_topic_of_both_ways() -> None:
    run = standard("staging")

    assert {r.inputs["name"] for r in run.of("MetricAlarm")} == {one.name for one in alarms("staging", TABLES)}
    for made in run.of("MetricAlarm"):
        assert made.inputs["alarmActions"] == made.inputs["okActions"] == [TOPIC]
        assert made.inputs["treatMissingData"] == "notBreaching"


def test_no_alarm_mixes_arguments_that_exclude_one_another() -> None:
    for made in standard("prod").of("MetricAlarm"):
        given = set(made.inputs)
        if "metricQueries" in given:
            assert not given & {"metricName", "namespace", "period", "statistic", "extendedStatistic", "dimensions"}
            assert any(query.get("returnData") for query in made.inputs["metricQueries"])
        else:
            assert {"metricName", "namespace", "period"} <= given
            assert ("statistic" in given) != ("extendedStatistic" in given)
        assert ("threshold" in given) != ("thresholdMetricId" in given)


def test_a_percentile_is_an_extended_statistic() -> None:
    made = alarm(standard("prod"), "prod-tee-admin-getitem-latency")

    assert made["extendedStatistic"] == "p99"
    assert made["dimensions"] == {"TableName": "prod-tee-admin", "Operation": "GetItem"}
    assert made["evaluateLowSampleCountPercentiles"] == "ignore"


def test_a_band_is_compared_with_the_metric_that_it_is_of() -> None:
    made = alarm(standard("prod"), "prod-tee-admin-unusual-reads")

    band, metric = made["metricQueries"]
    assert band["expression"] == f"ANOMALY_DETECTION_BAND({metric['id']}, 3)"
    assert made["thresholdMetricId"] == band["id"]
    assert made["comparisonOperator"] == "GreaterThanUpperThreshold"
    assert band["returnData"] is metric["returnData"] is True


def test_an_expression_alone_returns_data() -> None:
    made = alarm(standard("prod"), "prod-tee-schedules-by-date-throttles")

    result, *metrics = made["metricQueries"]
    assert result["returnData"] is True
    assert not any(metric.get("returnData") for metric in metrics)
    assert metrics[0]["metric"]["dimensions"] == {
        "TableName": "prod-tee-schedules",
        "GlobalSecondaryIndexName": "by-date",
    }


def test_the_topic_takes_from_this_account_only() -> None:
    (policy,) = standard("prod").of("TopicPolicy")

    for statement in json.loads(policy.inputs["policy"])["Statement"]:
        assert statement["Effect"] == "Allow"
        assert ACCOUNT in str(statement["Condition"])
        assert statement["Resource"] == f"arn:aws:sns:us-east-1:{ACCOUNT}:prod-tee-alarms"


def test_an_address_is_subscribed() -> None:
    assert standard("prod").of("TopicSubscription") == []
    (subscription,) = record("prod", {"alert_email": "ops@acme.test"}).of("TopicSubscription")
    assert subscription.inputs == {"topic": TOPIC, "protocol": "email", "endpoint": "ops@acme.test"}


def test_the_dashboard_shows_every_table() -> None:
    run = standard("prod")
    (dashboard,) = run.of("Dashboard")

    widgets = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    assert len(widgets) == 9
    assert {(widget["x"], widget["y"]) for widget in widgets} == {(x, y) for x in (0, 8, 16) for y in (0, 6, 12)}
    assert run.outputs["dashboard_url"].endswith("cloudwatch/home?region=us-east-1#dashboards:name=prod-tee")
