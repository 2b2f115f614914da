"""Every name, description and value that AWS checks, against botocore's own shapes, for the longest environments."""

import re
from functools import cache
from typing import Any, NamedTuple

import botocore.session
import pytest

from tests.support.recording import Run, record

LONGEST = "feature-" + "a" * 32
REGION = "ap-southeast-1"
EVERYTHING_ON: dict[str, Any] = {"alarms": True, "audit": "all", "customer_managed_key": True, "monthly_budget_usd": 1}


class Check(NamedTuple):
    type: str
    property: str
    service: str
    operation: str
    member: str


CHECKS = [
    Check("aws:dynamodb/table:Table", "name", "dynamodb", "CreateTable", "TableName"),
    Check("aws:iam/role:Role", "name", "iam", "CreateRole", "RoleName"),
    Check("aws:iam/role:Role", "path", "iam", "CreateRole", "Path"),
    Check("aws:iam/role:Role", "description", "iam", "CreateRole", "Description"),
    Check("aws:iam/role:Role", "assumeRolePolicy", "iam", "CreateRole", "AssumeRolePolicyDocument"),
    Check("aws:iam/rolePolicy:RolePolicy", "name", "iam", "PutRolePolicy", "PolicyName"),
    Check("aws:iam/rolePolicy:RolePolicy", "policy", "iam", "PutRolePolicy", "PolicyDocument"),
    Check("aws:iam/policy:Policy", "name", "iam", "CreatePolicy", "PolicyName"),
    Check("aws:iam/policy:Policy", "description", "iam", "CreatePolicy", "Description"),
    Check("aws:ssm/parameter:Parameter", "name", "ssm", "PutParameter", "Name"),
    Check("aws:ssm/parameter:Parameter", "description", "ssm", "PutParameter", "Description"),
    Check("aws:ssm/parameter:Parameter", "type", "ssm", "PutParameter", "Type"),
    Check("aws:sns/topic:Topic", "name", "sns", "CreateTopic", "Name"),
    Check("aws:cloudwatch/metricAlarm:MetricAlarm", "name", "cloudwatch", "PutMetricAlarm", "AlarmName"),
    Check(
        "aws:cloudwatch/metricAlarm:MetricAlarm", "alarmDescription", "cloudwatch", "PutMetricAlarm", "AlarmDescription"
    ),
    Check(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "comparisonOperator",
        "cloudwatch",
        "PutMetricAlarm",
        "ComparisonOperator",
    ),
    Check(
        "aws:cloudwatch/metricAlarm:MetricAlarm", "treatMissingData", "cloudwatch", "PutMetricAlarm", "TreatMissingData"
    ),
    Check("aws:cloudwatch/dashboard:Dashboard", "dashboardName", "cloudwatch", "PutDashboard", "DashboardName"),
    Check("aws:cloudwatch/logGroup:LogGroup", "name", "logs", "CreateLogGroup", "logGroupName"),
    Check("aws:cloudwatch/logMetricFilter:LogMetricFilter", "name", "logs", "PutMetricFilter", "filterName"),
    Check("aws:cloudwatch/logMetricFilter:LogMetricFilter", "pattern", "logs", "PutMetricFilter", "filterPattern"),
    Check("aws:cloudwatch/eventRule:EventRule", "name", "events", "PutRule", "Name"),
    Check("aws:cloudwatch/eventRule:EventRule", "state", "events", "PutRule", "State"),
    Check("aws:cloudwatch/eventRule:EventRule", "eventPattern", "events", "PutRule", "EventPattern"),
    Check("aws:cloudwatch/eventTarget:EventTarget", "targetId", "events", "PutTargets", "Targets.Id"),
    Check("aws:s3/bucket:Bucket", "bucket", "s3", "CreateBucket", "Bucket"),
    Check("aws:kms/alias:Alias", "name", "kms", "CreateAlias", "AliasName"),
    Check("aws:kms/key:Key", "description", "kms", "CreateKey", "Description"),
    Check("aws:kms/key:Key", "policy", "kms", "CreateKey", "Policy"),
    Check("aws:budgets/budget:Budget", "name", "budgets", "CreateBudget", "Budget.BudgetName"),
    Check("aws:cloudtrail/trail:Trail", "name", "cloudtrail", "CreateTrail", "Name"),
]
# Where botocore says nothing, AWS's documents do.
UNSAID = {
    "RoleName": (64, r"[\w+=,.@-]+"),
    "AlarmDescription": (1024, r".+"),
    "TableName": (255, r"[a-zA-Z0-9_.-]{3,}"),
    "Name": (256, r"[\w/.-]+"),
    "Bucket": (63, r"[a-z0-9][a-z0-9.-]+[a-z0-9]"),
    "DashboardName": (255, r"[\w-]+"),
}


@pytest.fixture(scope="module", params=["prod", "prod-v9999", LONGEST])
def full_run(request: pytest.FixtureRequest) -> Run:
    """Every resource type there is, under the longest names."""
    settings = {**EVERYTHING_ON, "region": REGION, "alert_email": "ops@acme.test"}
    if request.param == LONGEST:
        settings["audit"] = "off"
    return record(request.param, settings)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.type.split(':')[-1]}.{check.property}")
def test_aws_takes_every_value(full_run: Run, check: Check) -> None:
    made = full_run.of(check.type)
    assert made or full_run.outputs["kind"] == "feature"
    shape = member_shape(check)
    for one in made:
        value = one.inputs[check.property]
        limit, pattern = UNSAID.get(check.member, (None, None))
        assert len(value) <= min(shape.metadata.get("max", 1 << 20), limit or 1 << 20), one
        assert len(value) >= shape.metadata.get("min", 0)
        assert pattern is None or re.fullmatch(pattern, value), one
        assert not getattr(shape, "enum", None) or value in shape.enum, one
        said = python_pattern(shape.metadata.get("pattern"))
        assert said is None or re.fullmatch(said, value, re.DOTALL), one


def test_log_retention_is_a_year(full_run: Run) -> None:
    for group in full_run.of("LogGroup"):
        assert group.inputs["retentionInDays"] == 365


def test_physical_names_are_unique_in_an_account() -> None:
    """`prod` and its slot, and a feature environment, stand beside one another."""
    runs = [record(stack, EVERYTHING_ON) for stack in ("prod", "prod-v2", "staging")]
    runs.append(record("feature-prod-x", {**EVERYTHING_ON, "audit": "off"}))
    names = [
        (one.type, one.inputs[key])
        for run in runs
        for one in run
        for key in ("name", "bucket", "dashboardName")
        if one.is_aws and key in one.inputs and not one.type.endswith(("RolePolicy", "LogMetricFilter"))
        if not (key == "bucket" and not one.type.endswith(":Bucket"))
    ]

    assert len(set(names)) == len(names)


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def member_shape(check: Check) -> Any:
    shape = model(check.service).operation_model(check.operation).input_shape
    for part in check.member.split("."):
        shape = shape.members[part]
        shape = shape.member if shape.type_name == "list" else shape
    return shape


def python_pattern(pattern: str | None) -> str | None:
    """Java's pattern as Python's nearest: `\\p{...}` stands for printable text here, and a flag inside for nothing."""
    return None if pattern is None else re.sub(r"\\p\{\w+\}", r"\\w", pattern).replace("(?i)", "")
