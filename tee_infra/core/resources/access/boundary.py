"""The permissions boundary: the maximum for every role of an environment, whatever policies the role is given.

A deployer writes the policies and the trust of other roles, so those count for nothing here: what a rewritten role
reaches is items and configuration of its environment. Only pipelines manage resources, and no pipeline may change the
role of one. `tests/iam/test_escalation.py` proves it for every action of IAM. Wildcards and one Deny for several
statements keep it below the 6,144 characters that IAM takes.
"""

from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import CHANGE_TAG_ACCESS, LIST_BACKUPS, NATIVE_BACKUP
from tee_infra.core.resources.access.documents import (
    EVERYTHING,
    Document,
    Statement,
    allow,
    deny,
    deny_all_but,
    document,
)
from tee_infra.core.resources.access.pipelines import FEATURE_HOST, deployed_arns, hosts_features
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE
from tee_infra.core.resources.access.role import guarded_roles, pipeline_roles
from tee_infra.core.resources.access.state import CONTROL, FILES, STATE_KEY, with_state_alias


def bounded_by(environment: Environment, arns: Arns) -> str:
    """The ARN of the boundary of an environment's roles."""
    if not environment.is_feature:
        return arns.boundary
    return Arns(account_id=arns.account_id, region=arns.region, environment=FEATURE_HOST).boundary


def boundary(environment: Environment, arns: Arns) -> Document:
    """Everything under the environment's own names that some role of it needs."""
    return document(
        allow("Own", [*_BY_ANYBODY, *_BY_PIPELINES], _own(arns, deployed_arns(environment, arns))),
        allow("PassTheTrailsRole", ["iam:PassRole"], [arns.role("audit")], conditions=_TO_THE_TRAIL),
        allow("Keys", ["kms:*"], [arns.keys], conditions=_tag("Resource", arns)),
        allow("NewKeys", ["kms:CreateKey"], EVERYTHING, conditions=_tag("Request", arns)),
        *_state(environment, arns),
        # Each of these takes no resource.
        allow("Look", LOOK, EVERYTHING),
        *_never(environment, arns),
    )


LOOK: Final = (
    "cloudtrail:DescribeTrails",
    LIST_BACKUPS,
    "dynamodb:ListTables",
    "iam:ListRoles",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "ssm:DescribeParameters",
    "tag:GetResources",
)

_BY_ANYBODY: Final = (
    "dynamodb:*Item",
    NATIVE_BACKUP,
    "dynamodb:Describe*",
    "dynamodb:List*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ssm:GetParameter*",
)
"""Every other role denies native backups in its own policy but the migrator, as production's tables do."""

_USE_KEYS: Final = ("kms:*crypt*", "kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey*")

_BY_PIPELINES: Final = (
    "budgets:*",
    "cloudtrail:*",
    "cloudwatch:*",
    "dynamodb:*ResourcePolicy",
    "dynamodb:CreateTable",
    "dynamodb:DeleteTable",
    "dynamodb:Update*",
    "events:*",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:Get*",
    "iam:List*",
    "iam:PutRole*",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole*",
    "kms:*Alias",
    "logs:*",
    "s3:*",
    "sns:*",
    "ssm:*",
)

_TAKES_DATA_OUT: Final = (
    "dynamodb:*Global*",
    "dynamodb:*Kinesis*",
    "dynamodb:*Replica*",
    "dynamodb:Export*",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:Restore*",
    "dynamodb:StartAws*",
    CHANGE_TAG_ACCESS,
)
"""`actions.EXFILTRATION` without native backups, in fewer characters, and the switch that lets tags decide."""

_TO_THE_TRAIL: Final = {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}


def _own(arns: Arns, scope: list[Arns]) -> list[str]:
    """No action works on ARNs of another service, so one statement is no wider than one for each."""
    return [
        *(arn for one in scope for arn in (one.named_tables, one.role("*"))),
        arns.parameters,
        *(one.parameter() for one in scope[1:]),  # the path, by which leftovers are listed, and all below
        arns.boundary,
        arns.topic,
        arns.alarms,
        arns.dashboard,
        arns.budget,
        arns.trail,
        arns.audit_bucket,
        f"{arns.log_group('audit')}*",
        arns.event_rule(PRIVILEGED_RULE),
        arns.key_alias(f"{names.key_alias(arns.environment)}*"),
    ]


def _state(environment: Environment, arns: Arns) -> list[Statement]:
    """For pipelines alone, whose own policies name the files: whole buckets here. No item of the control table goes."""
    purposes = ["standing", *(["ephemeral"] if hosts_features(environment) else [])]
    files = [f"{arns.state_bucket(purpose)}*" for purpose in purposes]  # the bucket, and its files
    only = {"ArnEquals": {"aws:PrincipalArn": [arns.role(role) for role in pipeline_roles(environment)]}}
    secrets = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.SECRETS_KEY_ALIAS}}
    statements = [
        allow("State", [*CONTROL, *FILES, "s3:ListBucket"], [arns.control_table, *files], conditions=only),
        allow("StateKey", STATE_KEY, [arns.keys], conditions=with_state_alias() | only),
        allow("SecretsKey", ["kms:Decrypt"], [arns.keys], conditions=secrets),
    ]
    if hosts_features(environment):  # a developer makes sure that the record of an environment is live
        statements.append(allow("ReadRecords", ["dynamodb:GetItem"], [arns.control_table]))
    return statements


def _never(environment: Environment, arns: Arns) -> list[Statement]:
    """A Deny also holds where the policy of a table, or the trust of a role, names a session: that passes an Allow."""
    pipelines = [arns.role(role) for role in pipeline_roles(environment)]
    guarded = [*(arns.role(role) for role in guarded_roles(environment)), arns.boundary]
    # A role that may list a path sees all parameters below it, even with a Deny on one of them (SSM user guide).
    key = [arns.parameter(names.ANONYMIZE_KEY), arns.parameter("")]
    return [
        deny_all_but(
            "OnlyPipelinesManage",
            [*_BY_ANYBODY, *_USE_KEYS],
            EVERYTHING,
            conditions={"ArnNotEquals": {"aws:PrincipalArn": pipelines}},
        ),
        deny_all_but("NeverGuardedRoles", ["iam:Get*", "iam:List*"], guarded),
        # Without a boundary the request has no such key, and is denied too.
        deny(
            "NeverUnbounded",
            ["iam:CreateRole", "iam:PutRole*"],
            EVERYTHING,
            conditions={"StringNotEquals": {"iam:PermissionsBoundary": arns.boundary}},
        ),
        deny("NeverAnotherRole", ["sts:AssumeRole"], EVERYTHING),
        deny(
            "AnonymizationKey",
            ["ssm:*"],
            key,
            conditions={"ArnNotEquals": {"aws:PrincipalArn": arns.role("migrator")}},
        ),
        deny("NeverTakeDataOut", _TAKES_DATA_OUT, EVERYTHING),
    ]


def _tag(where: str, arns: Arns) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:{where}Tag/tee:environment": arns.environment}}
