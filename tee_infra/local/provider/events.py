"""EventBridge rules and targets, recorded only: moto delivers no events (`internal/service/events/rule.go`, ...)."""

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    ANY,
    BOOLEAN,
    JSON,
    NUMBER,
    REGION,
    STRING,
    TAGS,
    Block,
    Failure,
    MapOf,
    Naming,
    Values,
    computed,
    refused,
    replaces,
    updates,
)
from tee_infra.local.provider.state_only import all_tags, recorded

STATES = ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def _on_bus(inputs: Values, name: str, separator: str) -> str:
    bus = inputs["eventBusName"]
    return name if bus == "default" else f"{bus}{separator}{name}"


def _compute_rule(aws: Aws, inputs: Values) -> Values:
    return {"arn": aws.arn("events", f"rule/{_on_bus(inputs, inputs['name'], '/')}")} | all_tags(inputs)


def _validate_rule(inputs: Values) -> list[Failure]:
    failures: list[Failure] = []
    if not inputs.get("eventPattern") and not inputs.get("scheduleExpression"):
        reason = "one of `event_pattern,schedule_expression` must be specified"
        failures.append(Failure(path="eventPattern", reason=reason))
    if "state" in inputs and "isEnabled" in inputs:
        failures.append(Failure(path="isEnabled", reason='"is_enabled": conflicts with state'))
    return failures


RULE = recorded(
    "aws:cloudwatch/eventRule:EventRule",
    "EventBridge Rule",
    {
        "name": replaces(STRING, named=Naming(longest=64)),
        "namePrefix": refused("write the whole name instead of a prefix"),
        "eventBusName": replaces(STRING, default="default"),
        "description": updates(STRING),
        "eventPattern": updates(JSON),
        "scheduleExpression": updates(STRING),
        "roleArn": updates(STRING),
        "state": updates(STRING, keeps=True, one_of=STATES),
        "isEnabled": updates(BOOLEAN, keeps=True),
        "forceDestroy": updates(BOOLEAN),
        "arn": computed(STRING),
        **TAGS,
        **REGION,
    },
    identify=lambda _aws, inputs: _on_bus(inputs, inputs["name"], "/"),
    compute=_compute_rule,
    validate=_validate_rule,
)

INPUT_TRANSFORMER = Block({"inputTemplate": updates(STRING, required=True), "inputPaths": updates(MapOf(STRING))})
RETRY_POLICY = Block({"maximumEventAgeInSeconds": updates(NUMBER), "maximumRetryAttempts": updates(NUMBER)})
OTHER_TARGETS = (
    *("appsyncTarget", "batchTarget", "ecsTarget", "httpTarget", "kinesisTarget", "redshiftTarget"),
    *("runCommandTargets", "sagemakerPipelineTarget", "sqsTarget"),
)

TARGET = recorded(
    "aws:cloudwatch/eventTarget:EventTarget",
    "EventBridge Target",
    {
        "rule": replaces(STRING, required=True),
        "eventBusName": replaces(STRING, default="default"),
        "targetId": replaces(STRING, named=Naming(longest=64)),
        "arn": updates(STRING, required=True),
        "roleArn": updates(STRING),
        "input": updates(JSON),
        "inputPath": updates(STRING),
        "inputTransformer": updates(INPUT_TRANSFORMER),
        "deadLetterConfig": updates(Block({"arn": updates(STRING)})),
        "retryPolicy": updates(RETRY_POLICY),
        "forceDestroy": updates(BOOLEAN, default=False),
        **{target: updates(ANY) for target in OTHER_TARGETS},
        **REGION,
    },
    identify=lambda _aws, inputs: _on_bus(inputs, f"{inputs['rule']}-{inputs['targetId']}", "-"),
)

TYPES = (RULE, TARGET)
