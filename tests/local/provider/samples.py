"""For every resource type: what a program says, and a change in place. Names end in a mark, so that none meet."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.local.provider.engine_side import EngineSide

Values = dict[str, Any]
TABLE = "aws:dynamodb/table:Table"
RESOURCE_POLICY = "aws:dynamodb/resourcePolicy:ResourcePolicy"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PARAMETER = "aws:ssm/parameter:Parameter"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
BUCKET = "aws:s3/bucket:Bucket"
BUDGET = "aws:budgets/budget:Budget"
TRAIL = "aws:cloudtrail/trail:Trail"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def of_bucket(name: str) -> str:
    return f"aws:s3/{name[0].lower()}{name[1:]}:{name}"


VERSIONING = of_bucket("BucketVersioning")
PUBLIC_ACCESS = of_bucket("BucketPublicAccessBlock")
BUCKET_POLICY = of_bucket("BucketPolicy")
ENCRYPTION = of_bucket("BucketServerSideEncryptionConfiguration")
LIFECYCLE = of_bucket("BucketLifecycleConfiguration")
OBJECT_LOCK = of_bucket("BucketObjectLockConfiguration")
OWNERSHIP = of_bucket("BucketOwnershipControls")


def policy(action: str, resource: str = "*", **more: str) -> str:
    statement = {"Effect": "Allow", "Action": [action], "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def table(mark: str) -> Values:
    return {
        "name": f"dev-{mark}",
        "hashKey": "pk",
        "rangeKey": "sk",
        "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "date")],
        "billingMode": "PAY_PER_REQUEST",
        "globalSecondaryIndexes": [
            {
                "name": "by-date",
                "keySchemas": [
                    {"attributeName": "date", "keyType": "HASH"},
                    {"attributeName": "sk", "keyType": "RANGE"},
                ],
                "projectionType": "INCLUDE",
                "nonKeyAttributes": ["a", "b"],
                "onDemandThroughput": {"maxReadRequestUnits": 5, "maxWriteRequestUnits": 5},
            }
        ],
        "localSecondaryIndexes": [{"name": "local", "rangeKey": "date", "projectionType": "KEYS_ONLY"}],
        "onDemandThroughput": {"maxReadRequestUnits": 5, "maxWriteRequestUnits": 5},
        "ttl": {"attributeName": "expires_at", "enabled": True},
        "pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7},
        "streamEnabled": True,
        "streamViewType": "NEW_IMAGE",
        "tags": {"tee:owner": "me"},
    }


def assume(account: str = "000000000000") -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def alarm(name: str) -> Values:
    return {
        "name": name,
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "metricName": "ReadThrottleEvents",
        "namespace": "AWS/DynamoDB",
        "dimensions": {"TableName": "dev-tee-admin"},
        "period": 300,
        "statistic": "Sum",
        "threshold": 10,
        "alarmActions": ["arn:aws:sns:us-east-1:000000000000:a"],
        "tags": {"tee:owner": "me"},
    }


def sample(token: str, mark: str, engine: EngineSide | None = None) -> tuple[Values, Values]:
    """Return the inputs of `token` and a change in place; `engine` makes what they refer to."""
    need = Needs(engine, mark)
    if token in BUCKET_SETTINGS:
        inputs, change = BUCKET_SETTINGS[token]
        return {"bucket": need.id(BUCKET)} | inputs, change
    return SAMPLES[token](f"dev-{mark}", need)


TRANSFORMATION = {"name": "N", "namespace": "Tee", "value": "1", "defaultValue": "0"}
A, C = {"tags": {"a": "b"}}, {"tags": {"c": "d"}}
SAMPLES: dict[str, Callable[[str, "Needs"], tuple[Values, Values]]] = {
    TABLE: lambda name, _: (
        table(name.removeprefix("dev-")),
        {"ttl": {"attributeName": "expires_at", "enabled": False}, "tags": {"a": "b"}},
    ),
    RESOURCE_POLICY: lambda _, need: (
        {"resourceArn": need.arn(TABLE), "policy": policy("dynamodb:GetItem")},
        {"policy": policy("dynamodb:Query")},
    ),
    ROLE: lambda name, need: (
        {"name": name, "path": "/tee/", "assumeRolePolicy": assume(), "permissionsBoundary": need.arn(POLICY), **A},
        {"maxSessionDuration": 7200, "assumeRolePolicy": assume("123456789012"), "permissionsBoundary": "", **C},
    ),
    ROLE_POLICY: lambda name, need: (
        {"name": name, "role": need.id(ROLE), "policy": policy("s3:GetObject")},
        {"policy": policy("s3:PutObject")},
    ),
    POLICY: lambda name, _: (
        {"name": name, "path": "/tee/", "policy": policy("s3:GetObject"), **A},
        {"policy": policy("s3:PutObject"), "tags": {}},
    ),
    ATTACHMENT: lambda _, need: ({"role": need.id(ROLE), "policyArn": need.arn(POLICY)}, {}),
    PARAMETER: lambda name, _: (
        {"name": f"/tee/{name}", "type": "String", "value": "v1", **A},
        {"value": "v2", "description": "d", **C},
    ),
    TOPIC: lambda name, _: ({"name": name, "displayName": "D", **A}, {"displayName": "E", "tags": {}}),
    TOPIC_POLICY: lambda _, need: (
        {"arn": need.arn(TOPIC), "policy": policy("sns:Publish")},
        {"policy": policy("sns:Subscribe")},
    ),
    SUBSCRIPTION: lambda _, need: (
        {"topic": need.arn(TOPIC), "protocol": "email", "endpoint": "a@example.com"},
        {"filterPolicy": '{"a": ["b"]}'},
    ),
    ALARM: lambda name, _: (alarm(name), {"threshold": 20.5, **C}),
    DASHBOARD: lambda name, _: (
        {"dashboardName": name, "dashboardBody": '{"widgets": []}'},
        {"dashboardBody": '{"widgets": [], "start": "-PT1H"}'},
    ),
    LOG_GROUP: lambda name, _: ({"name": f"/tee/{name}", "retentionInDays": 30, **A}, {"retentionInDays": 60, **C}),
    METRIC_FILTER: lambda name, need: (
        {"name": name, "logGroupName": need.id(LOG_GROUP), "pattern": "x", "metricTransformation": TRANSFORMATION},
        {"pattern": "y", "metricTransformation": TRANSFORMATION | {"value": "2"}},
    ),
    KEY: lambda name, _: (
        {"description": name, "enableKeyRotation": True, **A},
        {"description": "new", "enableKeyRotation": False, "isEnabled": False, **C},
    ),
    ALIAS: lambda name, need: (
        {"name": f"alias/{name}", "targetKeyId": need.id(KEY)},
        {"targetKeyId": f"{need.id(KEY)}"},
    ),
    BUCKET: lambda name, _: ({"bucket": name, "objectLockEnabled": True, **A}, C),
    BUDGET: lambda name, _: (
        {"name": name, "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "10", "limitUnit": "USD"},
        {"limitAmount": "20"},
    ),
    TRAIL: lambda name, _: ({"name": name, "s3BucketName": "b"}, {"enableLogFileValidation": True}),
    RULE: lambda name, _: ({"name": name, "eventPattern": '{"source": ["aws.sts"]}'}, {"description": "d"}),
    TARGET: lambda name, _: ({"rule": name, "arn": "arn:aws:sns:us-east-1:000000000000:a"}, {"input": "{}"}),
}
BY_DEFAULT = {"sseAlgorithm": "aws:kms"}
BUCKET_SETTINGS: dict[str, tuple[Values, Values]] = {
    VERSIONING: ({"versioningConfiguration": {"status": "Enabled"}}, {"mfa": "serial 123456"}),
    PUBLIC_ACCESS: ({"blockPublicAcls": True, "blockPublicPolicy": True}, {"restrictPublicBuckets": True}),
    BUCKET_POLICY: ({"policy": policy("s3:GetObject")}, {"policy": policy("s3:PutObject")}),
    ENCRYPTION: (
        {"rules": [{"applyServerSideEncryptionByDefault": BY_DEFAULT, "bucketKeyEnabled": True}]},
        {"rules": [{"applyServerSideEncryptionByDefault": BY_DEFAULT}]},
    ),
    LIFECYCLE: (
        {
            "rules": [
                {"id": "old", "status": "Enabled", "expiration": {"days": 400}, "filter": {"prefix": "a/"}},
                {
                    "id": "tagged",
                    "status": "Enabled",
                    "expiration": {"days": 4},
                    "filter": {"and": {"prefix": "x/", "tags": {"a": "b"}}},
                },
            ]
        },
        {"rules": [{"id": "old", "status": "Enabled", "transitions": [{"days": 30, "storageClass": "GLACIER_IR"}]}]},
    ),
    OBJECT_LOCK: (
        {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}}},
        {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "years": 2}}},
    ),
    OWNERSHIP: ({"rule": {"objectOwnership": "BucketOwnerEnforced"}}, {"rule": {"objectOwnership": "ObjectWriter"}}),
}


class Needs:
    """Makes what a resource refers to; without an engine it makes names up."""

    def __init__(self, engine: EngineSide | None, mark: str) -> None:
        self._engine, self._mark = engine, mark

    def id(self, token: str) -> str:
        return self._made(token)[0]

    def arn(self, token: str) -> str:
        return self._made(token)[1].get("arn", "")

    def _made(self, token: str) -> tuple[str, Values]:
        if self._engine is None:
            return "needed", {"arn": "arn:needed"}
        inputs, _ = sample(token, f"{self._mark}-{new_mark()}", self._engine)
        made, state = self._engine.create(token, self._engine.inputs(token, inputs))
        if token == BUCKET:
            versions = {"bucket": made, "versioningConfiguration": {"status": "Enabled"}}
            self._engine.create(VERSIONING, self._engine.inputs(VERSIONING, versions))
        return made, state


def new_mark() -> str:
    return uuid4().hex[:8]
