"""Production's two deployers, held against every action that AWS has: what is changed by which of them."""

from collections.abc import Iterator
from functools import cache

import pytest
from policy_sentry.querying.actions import get_actions_for_service, get_actions_with_access_level

from tee_infra.core.resources.access.privileged import DAILY_CHANGES
from tee_infra.core.resources.evaluator import Request, is_allowed
from tests.iam.matrix_pipelines import PRIVILEGED_CHANGES
from tests.support.iam_roles import ACCOUNT, REGION, arns, resource_policy, role_policies

SERVICES = (
    "budgets",
    "cloudtrail",
    "cloudwatch",
    "dynamodb",
    "events",
    "iam",
    "kms",
    "logs",
    "s3",
    "sns",
    "ssm",
    "sts",
)
STATE = {"dynamodb:PutItem", "kms:Decrypt", "s3:DeleteObject", "s3:PutObject", "kms:Encrypt", "kms:GenerateDataKey"}
"""Locks, records and the stack's own state, which every pipeline writes."""


@cache
def changes(service: str) -> tuple[str, ...]:
    """Every action that is not only a read or a list."""
    reads = {action for level in ("Read", "List") for action in get_actions_with_access_level(service, level)}
    return tuple(sorted(set(get_actions_for_service(service)) - reads))


def targets(environment: str) -> list[str]:
    own = arns(environment)
    roles = ("app", "audit", "break-glass", "deployer", "developer", "migrator", "privileged-deployer", "made")
    return [
        *own.tables,
        *(own.role(role) for role in roles),
        *(own.role_policy("deployer", "monitoring"), own.pipeline_boundary),
        *(own.boundary, own.topic, own.dashboard, own.budget, own.trail, own.audit_bucket, own.control_table),
        *(own.alarms.replace("*", "any"), own.event_rule("privileged-sessions"), own.log_group("audit")),
        *(own.parameter("active-slot"), own.parameter("anonymize-key")),
        f"{own.audit_bucket}/AWSLogs/x",
        f"{own.state_bucket('standing')}/.pulumi/stacks/tee-infra/{environment}.json",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b1c",
        "*",
    ]


def changed(environment: str, role: str) -> Iterator[str]:
    """All that the role changes under the environment's names, whatever AWS knows in its favour."""
    policies = role_policies(environment, role)
    favours = {
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestTag/tee:environment": environment,
        "aws:ResourceTag/tee:environment": environment,
        "aws:SecureTransport": "true",
        "dynamodb:LeadingKeys": "locks",
        "iam:PassedToService": "cloudtrail.amazonaws.com",
        "iam:PermissionsBoundary": arns(environment).boundary,
        "kms:ResourceAliases": "alias/tee-state",
    }
    for target in targets(environment):
        table_policy = resource_policy(environment, target)
        services = SERVICES if target == "*" else [target.split(":")[2]]
        for action in (one for service in services for one in changes(service)):
            request = Request(principal=policies.arn, action=action, resource=target, context=favours)
            if is_allowed(request, policies.permissions, policies.boundary, table_policy):
                yield action


@pytest.mark.parametrize("environment", ["prod", "prod-v2"])
def test_the_daily_deployer_makes_the_changes_of_its_list_and_no_other(environment: str) -> None:
    assert set(changed(environment, "deployer")) == {*DAILY_CHANGES, *STATE}


def test_none_of_them_gives_access_or_ends_a_record_or_deletes() -> None:
    assert not [action for action in DAILY_CHANGES if ":Delete" in action or "Policy" in action]
    assert {action.split(":")[0] for action in DAILY_CHANGES} == {"cloudwatch", "dynamodb", "ssm"}


@pytest.mark.parametrize("environment", ["prod", "prod-v2"])
def test_the_privileged_one_makes_all_changes_of_the_program(environment: str) -> None:
    made = set(changed(environment, "privileged-deployer"))

    assert made >= {*DAILY_CHANGES, *STATE, *(action for action, _, _ in PRIVILEGED_CHANGES)}
    assert not made & {"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "s3:DeleteBucket", "kms:ScheduleKeyDeletion"}


def test_a_wider_allow_gives_the_daily_deployer_no_other_change() -> None:
    """As by mistake: the managed policy for administrators."""
    policies = role_policies("prod", "deployer")
    wider = {"Statement": [*policies.permissions["Statement"], {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    denied = [
        (action, resource)
        for action, resource, context in PRIVILEGED_CHANGES
        if is_allowed(
            Request(principal=policies.arn, action=action, resource=resource, context=context), wider, policies.boundary
        )
    ]
    assert denied == []
