"""CloudWatch Logs: groups and metric filters (`internal/service/logs/group.go`, `metric_filter.go`)."""

from typing import Any

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    NUMBER,
    REGION,
    STRING,
    TAGS,
    Actions,
    Block,
    MapOf,
    Naming,
    ResourceType,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)

RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def _create_group(aws: Aws, inputs: Values) -> str:
    request: dict[str, Any] = {"logGroupName": inputs["name"], "tags": inputs.get("tags", {})}
    if inputs.get("kmsKeyId"):
        request["kmsKeyId"] = inputs["kmsKeyId"]
    if inputs.get("logGroupClass"):
        request["logGroupClass"] = inputs["logGroupClass"]
    aws.logs.create_log_group(**request)
    return inputs["name"]


def _finish_group(aws: Aws, made: str, inputs: Values) -> None:
    if inputs.get("retentionInDays"):
        aws.logs.put_retention_policy(logGroupName=made, retentionInDays=inputs["retentionInDays"])


def _read_group(aws: Aws, made: str, _state: Values) -> Values | None:
    found: Any = aws.logs.describe_log_groups(logGroupNamePrefix=made)["logGroups"]
    group = next((group for group in found if group["logGroupName"] == made), None)
    if group is None:
        return None
    arn = aws.arn("logs", f"log-group:{made}")
    return {
        "name": made,
        "arn": arn,
        "retentionInDays": group.get("retentionInDays", 0),
        "kmsKeyId": group.get("kmsKeyId"),
        **tags.both(aws.logs.list_tags_for_resource(resourceArn=arn)["tags"]),
    }


def _update_group(aws: Aws, made: str, update: Update) -> None:
    new, changed = update.new, update.changed
    if "retentionInDays" in changed and new.get("retentionInDays"):
        _finish_group(aws, made, new)
    elif "retentionInDays" in changed:
        aws.logs.delete_retention_policy(logGroupName=made)
    if "kmsKeyId" in changed and new.get("kmsKeyId"):
        aws.logs.associate_kms_key(logGroupName=made, kmsKeyId=new["kmsKeyId"])
    elif "kmsKeyId" in changed:
        aws.logs.disassociate_kms_key(logGroupName=made)
    if "tags" in changed:
        set_tags, removed = tags.changes(update)
        aws.logs.untag_resource(resourceArn=update.old["arn"], tagKeys=removed)
        aws.logs.tag_resource(resourceArn=update.old["arn"], tags=set_tags)


def _delete_group(aws: Aws, made: str, state: Values) -> None:
    if not state.get("skipDestroy"):
        aws.logs.delete_log_group(logGroupName=made)


LOG_GROUP = ResourceType(
    type="aws:cloudwatch/logGroup:LogGroup",
    title="CloudWatch Logs Log Group",
    properties={
        "name": replaces(STRING, named=Naming(longest=512)),
        "namePrefix": refused("write the whole name instead of a prefix"),
        "retentionInDays": updates(NUMBER, default=0, one_of=RETENTION_DAYS),
        "kmsKeyId": updates(STRING),
        "logGroupClass": replaces(
            STRING, keeps=True, one_of=("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"), unread=True
        ),
        "skipDestroy": updates(BOOLEAN, default=False, unread=True),
        "deletionProtectionEnabled": updates(BOOLEAN, keeps=True, unread=True),
        "arn": computed(STRING),
        **TAGS,
        **REGION,
    },
    actions=Actions(
        create=_create_group, finish=_finish_group, read=_read_group, update=_update_group, delete=_delete_group
    ),
)


def _put_filter(aws: Aws, inputs: Values) -> str:
    transformation = inputs["metricTransformation"]
    request: dict[str, Any] = {
        "metricName": transformation["name"],
        "metricNamespace": transformation["namespace"],
        "metricValue": transformation["value"],
    }
    if "defaultValue" in transformation:
        request["defaultValue"] = float(transformation["defaultValue"])
    request |= {part: transformation[part] for part in ("dimensions", "unit") if part in transformation}
    aws.logs.put_metric_filter(
        logGroupName=inputs["logGroupName"],
        filterName=inputs["name"],
        filterPattern=inputs["pattern"],
        metricTransformations=[request],  # pyright: ignore[reportArgumentType]  # built above
    )
    return inputs["name"]


def _update_filter(aws: Aws, made: str, update: Update) -> None:
    """Delete and put, because moto would keep both under one name."""
    _delete_filter(aws, made, update.old)
    _put_filter(aws, update.new)


def _read_filter(aws: Aws, made: str, state: Values) -> Values | None:
    group, _, made = f"{state.get('logGroupName', '')}:{made}".strip(":").rpartition(":")  # imported as GROUP:NAME
    try:
        found: Any = aws.logs.describe_metric_filters(logGroupName=group, filterNamePrefix=made)["metricFilters"]
    except aws.logs.exceptions.ResourceNotFoundException:
        return None
    filter_ = next((one for one in found if one["filterName"] == made), None)
    if filter_ is None:
        return None
    transformation = filter_["metricTransformations"][0]
    default = transformation.get("defaultValue")
    return {
        "name": made,
        "logGroupName": group,
        "pattern": filter_["filterPattern"],
        "metricTransformation": {
            "name": transformation["metricName"],
            "namespace": transformation["metricNamespace"],
            "value": transformation["metricValue"],
            "defaultValue": None if default is None else f"{default:g}",
            "dimensions": transformation.get("dimensions"),
            "unit": transformation.get("unit"),
        },
    }


def _delete_filter(aws: Aws, _made: str, state: Values) -> None:
    aws.logs.delete_metric_filter(logGroupName=state["logGroupName"], filterName=state["name"])


TRANSFORMATION = Block(
    {
        "name": updates(STRING, required=True),
        "namespace": updates(STRING, required=True),
        "value": updates(STRING, required=True),
        "defaultValue": updates(STRING),
        "dimensions": updates(MapOf(STRING), unread=True),
        "unit": updates(STRING, default="None", unread=True),
    }
)

LOG_METRIC_FILTER = ResourceType(
    type="aws:cloudwatch/logMetricFilter:LogMetricFilter",
    title="CloudWatch Logs Metric Filter",
    properties={
        "name": replaces(STRING, named=Naming(longest=512)),
        "logGroupName": replaces(STRING, required=True),
        "pattern": updates(STRING, required=True),
        "metricTransformation": updates(TRANSFORMATION, required=True),
        "applyOnTransformedLogs": updates(BOOLEAN, keeps=True, unread=True),
        **REGION,
    },
    actions=Actions(
        create=_put_filter,
        read=_read_filter,
        update=_update_filter,
        delete=_delete_filter,
    ),
)

TYPES = (LOG_GROUP, LOG_METRIC_FILTER)
