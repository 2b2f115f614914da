"""The permissions of a deployer: one entry for each AWS service of the environment's resources.

Lists follow the calls of the aws provider to create, read, update and delete each resource type of the program.
"""

from collections.abc import Sequence
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import CHANGE_POLICY, CHANGE_TABLE, DELETE_TABLE, DESCRIBE
from tee_infra.core.resources.access.documents import EVERYTHING, Statement, allow
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE
from tee_infra.core.settings import Settings

MANAGE_TABLES: Final = (*DESCRIBE, *CHANGE_TABLE, DELETE_TABLE)
"""All that a deployer does with a table: none of it shows an item, or copies one."""
INLINE: Final = "inline"
"""The group of grants that is a role's inline policy."""
ON_POLICIES: Final = ("dynamodb:GetResourcePolicy", *CHANGE_POLICY)


def deployer_grants(environment: Environment, settings: Settings, scope: Sequence[Arns]) -> dict[str, list[Statement]]:
    """The Allow statements of a deployer of everything in `scope`, of which the first is its own environment.

    The others are feature environments, which it also destroys. By what they are about: all but `INLINE` have a managed
    policy of their own, because IAM counts a role's inline policies together, and half of its limit stays free.
    """
    own = scope[0]
    inline = [*_look(settings), *_tables(environment, scope), *_roles(own, scope), *_parameters(scope)]
    for features in scope[1:]:
        inline += find_features(features)
    monitoring = _alarms(own) if settings.alarms else []
    if settings.monthly_budget_usd is not None:
        monitoring += _budget(own)
    evidence = _audit(own) if settings.audit != "off" else []
    if settings.customer_managed_key or settings.audit != "off":
        evidence += _keys(own)
    return {INLINE: inline, "monitoring": monitoring, "audit-and-keys": evidence}


def find_features(features: Arns) -> list[Statement]:
    """Find leftovers of feature environments: roles and parameters by path, tables by name."""
    return [
        allow("FindRoles", ["iam:ListRoles"], EVERYTHING),  # it lists, and takes no resource
        allow("FindParameters", ["ssm:GetParametersByPath"], [features.parameter()]),
    ]


def _look(settings: Settings) -> list[Statement]:
    """Actions that list and take no resource. They show names and descriptions, no value."""
    actions = ["ssm:DescribeParameters"]
    if settings.audit != "off":
        actions += ["cloudtrail:DescribeTrails", "logs:DescribeLogGroups"]
    if settings.customer_managed_key or settings.audit != "off":
        actions.append("kms:ListAliases")
    return [allow("Look", actions, EVERYTHING)]


def _tables(environment: Environment, scope: Sequence[Arns]) -> list[Statement]:
    actions = [*MANAGE_TABLES, *(ON_POLICIES if environment.kind.production else ())]
    return [allow("Tables", actions, [table for arns in scope for table in arns.tables])]


def _roles(own: Arns, scope: Sequence[Arns]) -> list[Statement]:
    roles = [arns.role("*") for arns in scope]
    return [
        allow(
            "RolesInsideTheBoundary",
            ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
            roles,
            conditions={"StringEquals": {"iam:PermissionsBoundary": own.boundary}},
        ),
        allow(
            "Roles",
            [
                "iam:DeleteRole",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListInstanceProfilesForRole",
                "iam:ListRolePolicies",
                "iam:ListRoleTags",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles,
        ),
        allow(
            "ReadPolicies",  # the boundaries, and those of deployers: all guarded, so none of them is changed
            ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions"],
            [own.policies],
        ),
    ]


def _parameters(scope: Sequence[Arns]) -> list[Statement]:
    return [
        allow(
            "Parameters",
            [
                "ssm:AddTagsToResource",
                "ssm:DeleteParameter",
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:ListTagsForResource",
                "ssm:PutParameter",
                "ssm:RemoveTagsFromResource",
            ],
            [arns.parameters for arns in scope],
        )
    ]


def _alarms(own: Arns) -> list[Statement]:
    return [
        allow(
            "Topic",
            [
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "sns:SetTopicAttributes",
                "sns:Subscribe",
                "sns:TagResource",
                "sns:UntagResource",
            ],
            [own.topic],
        ),
        # Only reads: a change takes no resource, so the right would reach the subscriptions of every environment.
        allow("Subscription", ["sns:GetSubscriptionAttributes"], EVERYTHING),
        allow(
            "Alarms",
            [
                "cloudwatch:DeleteAlarms",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:ListTagsForResource",
                "cloudwatch:PutMetricAlarm",
                "cloudwatch:TagResource",
                "cloudwatch:UntagResource",
            ],
            [own.alarms],
        ),
        allow(
            "Dashboard",
            ["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"],
            [own.dashboard],
        ),
    ]


def _budget(own: Arns) -> list[Statement]:
    actions = ["ListTagsForResource", "ModifyBudget", "TagResource", "UntagResource", "ViewBudget"]
    return [allow("Budget", [f"budgets:{action}" for action in actions], [own.budget])]


def _audit(own: Arns) -> list[Statement]:
    """Everything except ending it: only a person may stop or delete the trail, or its bucket."""
    return [
        allow("Trail", [f"cloudtrail:{action}" for action in _TRAIL], [own.trail]),
        allow(
            "TrailLogs", [f"logs:{action}" for action in _LOGS], [own.log_group("audit"), f"{own.log_group('audit')}:*"]
        ),
        allow(
            "TrailRole",
            ["iam:PassRole"],
            [own.role("audit")],
            conditions={"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}},
        ),
        allow("Bucket", [f"s3:{action}" for action in _BUCKET], [own.audit_bucket]),
        allow("Rule", [f"events:{action}" for action in _RULE], [own.event_rule(PRIVILEGED_RULE)]),
    ]


def _keys(own: Arns) -> list[Statement]:
    """KMS names its keys at random, so the environment's tag identifies its own."""
    tagged = {"StringEquals": {"aws:ResourceTag/tee:environment": own.environment}}
    tagging = {"StringEquals": {"aws:RequestTag/tee:environment": own.environment}}
    aliases = [own.key_alias(names.key_alias(own.environment)), own.key_alias(names.audit_key_alias(own.environment))]
    alias_actions = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    return [
        # The action takes no resource. A key can be created only with the environment's tag.
        allow("CreateKeys", ["kms:CreateKey"], EVERYTHING, conditions=tagging),
        allow("Keys", [*(f"kms:{action}" for action in _KEY), *alias_actions], [own.keys], conditions=tagged),
        allow("Aliases", alias_actions, aliases),
    ]


_TRAIL = (
    "AddTags",
    "CreateTrail",
    "GetEventSelectors",
    "GetInsightSelectors",
    "GetTrail",
    "GetTrailStatus",
    "ListTags",
    "PutEventSelectors",
    "RemoveTags",
    "StartLogging",
    "UpdateTrail",
)
_LOGS = (
    "AssociateKmsKey",
    "CreateLogGroup",
    "DeleteMetricFilter",
    "DescribeMetricFilters",
    "ListTagsForResource",
    "PutMetricFilter",
    "PutRetentionPolicy",
    "TagResource",
    "UntagResource",
)
_BUCKET = (
    "CreateBucket",
    "Get*Configuration",  # the provider reads every setting; this and the next reach no file
    "GetBucket*",
    "ListBucket",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutEncryptionConfiguration",
    "PutLifecycleConfiguration",
)
_RULE = (
    "DeleteRule",
    "DescribeRule",
    "ListTagsForResource",
    "ListTargetsByRule",
    "PutRule",
    "PutTargets",
    "RemoveTargets",
    "TagResource",
    "UntagResource",
)
_KEY = (
    "CreateGrant",
    "DescribeKey",
    "EnableKeyRotation",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "ListResourceTags",
    "PutKeyPolicy",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
)
