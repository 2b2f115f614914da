"""CloudWatch: alarms and dashboards (`internal/service/cloudwatch/metric_alarm.go`, `dashboard.go`)."""

from typing import Any

from botocore.exceptions import ClientError

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    JSON,
    NUMBER,
    REGION,
    STRING,
    TAGS,
    Actions,
    Block,
    Failure,
    MapOf,
    Naming,
    ResourceType,
    SetOf,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)

COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
ALARM_FIELDS = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "actionsEnabled": "ActionsEnabled",
    "okActions": "OKActions",
    "alarmActions": "AlarmActions",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "evaluationPeriods": "EvaluationPeriods",
    "datapointsToAlarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparisonOperator": "ComparisonOperator",
    "treatMissingData": "TreatMissingData",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "thresholdMetricId": "ThresholdMetricId",
}
QUERY_FIELDS = {
    "id": "Id",
    "accountId": "AccountId",
    "expression": "Expression",
    "label": "Label",
    "period": "Period",
    "returnData": "ReturnData",
}


def _put_alarm(aws: Aws, inputs: Values, **more: Any) -> str:
    request: dict[str, Any] = {theirs: inputs[ours] for ours, theirs in ALARM_FIELDS.items() if ours in inputs}
    if inputs.get("dimensions"):
        request["Dimensions"] = _dimensions(inputs["dimensions"])
    if inputs.get("metricQueries"):
        request["Metrics"] = [_query(query) for query in inputs["metricQueries"]]
    aws.cloudwatch.put_metric_alarm(**request, **more)
    return inputs["name"]


def _create_alarm(aws: Aws, inputs: Values) -> str:
    return _put_alarm(aws, inputs, Tags=tags.pairs(inputs.get("tags")))


def _read_alarm(aws: Aws, made: str, _state: Values) -> Values | None:
    found: Any = aws.cloudwatch.describe_alarms(AlarmNames=[made])["MetricAlarms"]
    if not found:
        return None
    alarm = found[0]
    live = {ours: alarm[theirs] for ours, theirs in ALARM_FIELDS.items() if alarm.get(theirs) is not None}
    arn = alarm["AlarmArn"]
    return live | {
        "arn": arn,
        "dimensions": {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])},
        "metricQueries": [_read_query(query) for query in alarm.get("Metrics", [])],
        **tags.both(aws.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    }


def _update_alarm(aws: Aws, _made: str, update: Update) -> None:
    _put_alarm(aws, update.new)
    if "tags" in update.changed:
        changed, removed = tags.changes(update)
        aws.cloudwatch.untag_resource(ResourceARN=update.old["arn"], TagKeys=removed)
        aws.cloudwatch.tag_resource(ResourceARN=update.old["arn"], Tags=tags.pairs(changed))


def _delete_alarm(aws: Aws, made: str, _state: Values) -> None:
    aws.cloudwatch.delete_alarms(AlarmNames=[made])


def _dimensions(named: Values) -> Any:
    return [{"Name": name, "Value": value} for name, value in named.items()]


def _query(query: Values) -> Any:
    request: dict[str, Any] = {theirs: query[ours] for ours, theirs in QUERY_FIELDS.items() if ours in query}
    if "metric" in query:
        metric = query["metric"]
        request["MetricStat"] = {
            "Metric": {
                "MetricName": metric["metricName"],
                "Namespace": metric.get("namespace", ""),
                "Dimensions": _dimensions(metric.get("dimensions", {})),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        } | ({"Unit": metric["unit"]} if metric.get("unit") else {})
    return request


def _read_query(found: Any) -> Values:
    query = {ours: found[theirs] for ours, theirs in QUERY_FIELDS.items() if found.get(theirs) not in (None, "")}
    if found.get("MetricStat"):
        stat = found["MetricStat"]
        query["metric"] = {
            "metricName": stat["Metric"]["MetricName"],
            "namespace": stat["Metric"].get("Namespace"),
            "dimensions": {one["Name"]: one["Value"] for one in stat["Metric"].get("Dimensions", [])},
            "period": int(stat["Period"]),
            "stat": stat["Stat"],
            "unit": stat.get("Unit"),
        }
    return query


def _validate(inputs: Values) -> list[Failure]:
    if not inputs.get("metricName") and not inputs.get("metricQueries"):
        reason = "one of `metric_name,metric_query` must be specified"
        return [Failure(path="metricName", reason=reason)]
    if inputs.get("metricName") and inputs.get("metricQueries"):
        return [Failure(path="metricQueries", reason='"metric_query": conflicts with metric_name')]
    return []


METRIC = Block(
    {
        "metricName": updates(STRING, required=True),
        "namespace": updates(STRING),
        "dimensions": updates(MapOf(STRING)),
        "period": updates(NUMBER, required=True),
        "stat": updates(STRING, required=True),
        "unit": updates(STRING),
    }
)
METRIC_QUERY = Block(
    {
        "id": updates(STRING, required=True),
        "accountId": updates(STRING),
        "expression": updates(STRING),
        "label": updates(STRING),
        "metric": updates(METRIC),
        "period": updates(NUMBER),
        "returnData": updates(BOOLEAN),
    }
)
PROMQL = refused("PromQL alarms are not known to moto")

METRIC_ALARM = ResourceType(
    type="aws:cloudwatch/metricAlarm:MetricAlarm",
    title="CloudWatch Metric Alarm",
    properties={
        "name": replaces(STRING, named=Naming(longest=255)),
        "alarmDescription": updates(STRING),
        "comparisonOperator": updates(STRING, required=True, one_of=COMPARISONS),
        "evaluationPeriods": updates(NUMBER, required=True),
        "datapointsToAlarm": updates(NUMBER),
        "threshold": updates(NUMBER),
        "thresholdMetricId": updates(STRING),
        "metricName": updates(STRING),
        "namespace": updates(STRING),
        "dimensions": updates(MapOf(STRING)),
        "metricQueries": updates(SetOf(METRIC_QUERY, key="id")),
        "period": updates(NUMBER),
        "statistic": updates(STRING, one_of=STATISTICS),
        "extendedStatistic": updates(STRING),
        "unit": updates(STRING),
        "treatMissingData": updates(
            STRING, default="missing", one_of=("breaching", "notBreaching", "ignore", "missing")
        ),
        "evaluateLowSampleCountPercentiles": updates(STRING, keeps=True, one_of=("evaluate", "ignore")),
        "actionsEnabled": updates(BOOLEAN, default=True),
        "alarmActions": updates(SetOf(STRING)),
        "okActions": updates(SetOf(STRING)),
        "insufficientDataActions": updates(SetOf(STRING)),
        "evaluationCriteria": PROMQL,
        "evaluationInterval": PROMQL,
        "evaluationWindow": PROMQL,
        "warmUpConfiguration": PROMQL,
        "arn": computed(STRING),
        **TAGS,
        **REGION,
    },
    validate=_validate,
    actions=Actions(create=_create_alarm, read=_read_alarm, update=_update_alarm, delete=_delete_alarm),
)


def _put_dashboard(aws: Aws, inputs: Values) -> str:
    aws.cloudwatch.put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
    return inputs["dashboardName"]


def _read_dashboard(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        found = aws.cloudwatch.get_dashboard(DashboardName=made)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in {"ResourceNotFound", "DashboardNotFoundError"}:
            return None
        raise
    arn = f"arn:aws:cloudwatch::{aws.account_id}:dashboard/{made}"
    return {"dashboardName": made, "dashboardBody": found["DashboardBody"], "dashboardArn": arn}


def _delete_dashboard(aws: Aws, made: str, _state: Values) -> None:
    aws.cloudwatch.delete_dashboards(DashboardNames=[made])


DASHBOARD = ResourceType(
    type="aws:cloudwatch/dashboard:Dashboard",
    title="CloudWatch Dashboard",
    properties={
        "dashboardName": replaces(STRING, required=True),
        "dashboardBody": updates(JSON, required=True),
        "dashboardArn": computed(STRING),
        **REGION,
    },
    actions=Actions(
        create=_put_dashboard,
        read=_read_dashboard,
        update=lambda aws, _made, update: _put_dashboard(aws, update.new),
        delete=_delete_dashboard,
    ),
)

TYPES = (METRIC_ALARM, DASHBOARD)
