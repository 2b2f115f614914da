import re

import pytest

from tee_infra.core.resources.alarms import OPERATIONS, Alarm, alarms
from tee_infra.core.tables.catalog import TABLES

# What DynamoDB publishes, from "DynamoDB metrics and dimensions" in its developer guide.
PUBLISHED = {
    "ConsumedReadCapacityUnits": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "ConsumedWriteCapacityUnits": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "ReadThrottleEvents": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "WriteThrottleEvents": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    "SuccessfulRequestLatency": [{"TableName", "Operation"}],
    "SystemErrors": [{"TableName", "Operation"}],
    "ThrottledRequests": [{"TableName", "Operation"}],
}
# CloudWatch takes these from expressions: an identifier begins with a lower-case letter.
IDENTIFIER = re.compile(r"[a-z][A-Za-z0-9_]*")


def named(name: str) -> Alarm:
    (found,) = [alarm for alarm in alarms("prod", TABLES) if alarm.name == name]
    return found


def test_every_alarm_watches_a_metric_that_is_published() -> None:
    for alarm in alarms("prod", TABLES):
        for metric in alarm.metrics:
            assert set(metric.dimensions) in PUBLISHED[metric.name], alarm.name
            assert metric.dimensions["TableName"] in {f"prod-{table.name}" for table in TABLES}


def test_nothing_watches_user_errors() -> None:
    """They are published for the whole account: an alarm with a table's dimensions never fires."""
    assert "UserErrors" not in {metric.name for alarm in alarms("prod", TABLES) for metric in alarm.metrics}


def test_each_table_and_each_index_has_its_alarms() -> None:
    assert {
        alarm.name.removeprefix("prod-tee-schedules-") for alarm in alarms("prod", TABLES) if "schedules" in alarm.name
    } == {
        "by-date-throttles",
        "getitem-latency",
        "query-latency",
        "system-errors",
        "throttled-share",
        "throttles",
        "unusual-reads",
        "unusual-writes",
    }
    indexes = sum(len(table.indexes) for table in TABLES)
    assert len(alarms("prod", TABLES)) == len(TABLES) * 7 + indexes


@pytest.mark.parametrize(
    ("name", "threshold", "datapoints", "periods", "seconds"),
    [
        ("prod-tee-admin-throttles", 10, 1, 1, 300),
        ("prod-tee-schedules-by-date-throttles", 10, 1, 1, 300),
        ("prod-tee-admin-throttled-share", 2, 1, 1, 300),
        ("prod-tee-admin-system-errors", 0, 2, 3, 60),
        ("prod-tee-admin-getitem-latency", 25, 5, 5, 60),
        ("prod-tee-admin-query-latency", 50, 5, 5, 60),
        ("prod-tee-admin-unusual-reads", None, 3, 3, 300),
    ],
)
def test_thresholds(name: str, threshold: float | None, datapoints: int, periods: int, seconds: int) -> None:
    alarm = named(name)

    assert (alarm.threshold, alarm.datapoints, alarm.periods) == (threshold, datapoints, periods)
    assert {metric.period for metric in alarm.metrics} == {seconds}


def test_latency_is_a_percentile_of_one_operation() -> None:
    (metric,) = named("prod-tee-admin-query-latency").metrics

    assert (metric.statistic, metric.dimensions["Operation"]) == ("p99", "Query")


def test_the_share_compares_what_was_refused_with_all_there_was() -> None:
    alarm = named("prod-tee-admin-throttled-share")

    assert {(metric.name, metric.statistic) for metric in alarm.metrics} == {
        ("ThrottledRequests", "Sum"),
        ("SuccessfulRequestLatency", "SampleCount"),
    }
    assert eval_share(alarm, throttled=3, succeeded=97) == 3
    assert eval_share(alarm, throttled=0, succeeded=100) == 0


def eval_share(alarm: Alarm, *, throttled: float, succeeded: float) -> float:
    """Compute the expression as CloudWatch would, with everything happening in the first operation."""
    values = {metric.id: 0.0 for metric in alarm.metrics}
    first = OPERATIONS[0].lower()
    values |= {f"throttled_{first}": throttled, f"succeeded_{first}": succeeded}
    return eval(alarm.expression or "", {"FILL": lambda value, _: value, **values})


def test_every_alarm_keeps_the_limits_of_cloudwatch() -> None:
    environment = "feature-" + "a" * 32
    found = alarms(environment, TABLES)
    assert len({alarm.name for alarm in found}) == len(found)
    for alarm in found:
        assert len(alarm.name) <= 255
        assert len(alarm.description) <= 1024
        assert alarm.datapoints <= alarm.periods
        assert len(alarm.metrics) <= 10
        assert len(alarm.expression or "") <= 1024
        assert all(IDENTIFIER.fullmatch(metric.id) for metric in alarm.metrics)
        assert len({metric.id for metric in alarm.metrics}) == len(alarm.metrics)
        # CloudWatch evaluates at most a day.
        assert alarm.periods * alarm.metrics[0].period <= 86_400


def test_an_alarm_is_of_one_of_three_forms() -> None:
    for alarm in alarms("prod", TABLES):
        if alarm.band_width is not None:
            assert (alarm.expression, alarm.threshold) == (None, None)
            assert len(alarm.metrics) == 1
        else:
            assert alarm.threshold is not None
            assert alarm.expression is not None or len(alarm.metrics) == 1
