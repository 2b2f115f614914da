"""Trails, recorded only: moto logs no events (`internal/service/cloudtrail/trail.go`)."""

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    REGION,
    STRING,
    TAGS,
    Block,
    Failure,
    ListOf,
    Naming,
    Property,
    SetOf,
    Values,
    computed,
    replaces,
    updates,
)
from tee_infra.local.provider.state_only import all_tags, recorded

FIELDS = (
    *("eventCategory", "eventName", "eventSource", "eventType", "readOnly", "resources.ARN", "resources.type"),
    *("sessionCredentialFromConsole", "userIdentity.arn", "errorCode", "vpcEndpointId"),
)
OPERATORS = ("equals", "notEquals", "startsWiths", "notStartsWiths", "endsWiths", "notEndsWiths")
OPERANDS: dict[str, Property] = {operator: updates(ListOf(STRING)) for operator in OPERATORS}
FIELD_SELECTOR = Block({"field": updates(STRING, required=True, one_of=FIELDS), **OPERANDS})
DATA_RESOURCE = Block({"type": updates(STRING, required=True), "values": updates(ListOf(STRING), required=True)})
EVENT_SELECTOR = Block(
    {
        "dataResources": updates(ListOf(DATA_RESOURCE)),
        "excludeManagementEventSources": updates(SetOf(STRING)),
        "includeManagementEvents": updates(BOOLEAN, default=True),
        "readWriteType": updates(STRING, default="All", one_of=("All", "ReadOnly", "WriteOnly")),
    }
)
ADVANCED_EVENT_SELECTOR = Block(
    {"name": updates(STRING), "fieldSelectors": updates(SetOf(FIELD_SELECTOR), required=True)}
)
INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")


def _arn(aws: Aws, inputs: Values) -> str:
    return aws.arn("cloudtrail", f"trail/{inputs['name']}")


def _compute(aws: Aws, inputs: Values) -> Values:
    return {"arn": _arn(aws, inputs), "homeRegion": aws.region} | all_tags(inputs)


def _validate(inputs: Values) -> list[Failure]:
    if inputs.get("eventSelectors") and inputs.get("advancedEventSelectors"):
        reason = '"advanced_event_selector": conflicts with event_selector'
        return [Failure(path="advancedEventSelectors", reason=reason)]
    return []


TRAIL = recorded(
    "aws:cloudtrail/trail:Trail",
    "CloudTrail Trail",
    {
        "name": replaces(STRING, named=Naming(longest=128)),
        "s3BucketName": updates(STRING, required=True),
        "s3KeyPrefix": updates(STRING),
        "kmsKeyId": updates(STRING),
        "cloudWatchLogsGroupArn": updates(STRING),
        "cloudWatchLogsRoleArn": updates(STRING),
        "snsTopicName": updates(STRING),
        "enableLogging": updates(BOOLEAN, default=True),
        "enableLogFileValidation": updates(BOOLEAN, default=False),
        "includeGlobalServiceEvents": updates(BOOLEAN, default=True),
        "isMultiRegionTrail": updates(BOOLEAN, default=False),
        "isOrganizationTrail": updates(BOOLEAN, default=False),
        "eventSelectors": updates(ListOf(EVENT_SELECTOR)),
        "advancedEventSelectors": updates(ListOf(ADVANCED_EVENT_SELECTOR)),
        "insightSelectors": updates(SetOf(Block({"insightType": updates(STRING, required=True, one_of=INSIGHTS)}))),
        "arn": computed(STRING),
        "homeRegion": computed(STRING),
        **TAGS,
        **REGION,
    },
    identify=_arn,
    compute=_compute,
    validate=_validate,
)

TYPES = (TRAIL,)
