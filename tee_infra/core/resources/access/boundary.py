"""The permissions boundary: the maximum for every role of an environment, even if its own policy allows more."""

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import CHANGE_TAG_ACCESS, EXFILTRATION, LIST_BACKUPS, NATIVE_BACKUP
from tee_infra.core.resources.access.documents import EVERYTHING, Document, allow, deny, document
from tee_infra.core.resources.access.pipelines import FEATURE_HOST, deployed_arns, pipeline_state


def bounded_by(environment: Environment, arns: Arns) -> str:
    """The ARN of the boundary of an environment's roles."""
    if not environment.is_feature:
        return arns.boundary
    return Arns(account_id=arns.account_id, region=arns.region, environment=FEATURE_HOST).boundary


def boundary(environment: Environment, arns: Arns) -> Document:
    """Everything under the environment's own names, except exporting data from its tables."""
    scope = deployed_arns(environment, arns)
    tables = [arn for one in scope for arn in one.tables]
    streams = [arn for one in scope for arn in one.streams]
    indexes = [arn for one in scope for arn in one.indexes]
    return document(
        allow("Tables", ["dynamodb:*"], [*tables, *indexes]),
        allow("Roles", ["iam:*"], [*(one.role("*") for one in scope), arns.boundary]),
        allow(
            "Others",
            ["budgets:*", "cloudtrail:*", "cloudwatch:*", "events:*", "logs:*", "s3:*", "sns:*", "ssm:*"],
            [
                arns.parameters,
                *(
                    one.parameter() for one in scope[1:]
                ),  # the path itself, by which leftovers are listed, and all below
                arns.topic,
                arns.alarms,
                arns.dashboard,
                arns.budget,
                arns.trail,
                arns.audit_bucket,
                arns.log_group("audit"),
                f"{arns.log_group('audit')}:*",
                arns.event_rule("break-glass"),
            ],
        ),
        allow("Keys", ["kms:*"], [arns.keys], conditions=_tag("Resource", arns)),
        allow("NewKeys", ["kms:CreateKey"], EVERYTHING, conditions=_tag("Request", arns)),
        allow("Aliases", ["kms:*"], [arns.key_alias(alias(arns.environment)) for alias in _ALIASES]),
        # No wider than the deployer's own policy: no role of an environment may delete items of the control table.
        *pipeline_state(environment, arns, names.SECRETS_KEY_ALIAS),
        # Each of these takes no resource.
        allow("Look", LOOK, EVERYTHING),
        # Every role but the migrator denies native backups in its own policy, and production's tables deny the others.
        deny("NeverTakeDataOut", [action for action in EXFILTRATION if action != NATIVE_BACKUP], [*tables, *streams]),
        deny("NeverSwitchTagAccess", [CHANGE_TAG_ACCESS], EVERYTHING),
    )


LOOK = (
    "cloudtrail:DescribeTrails",
    LIST_BACKUPS,
    "dynamodb:ListTables",
    "iam:ListRoles",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
    "ssm:DescribeParameters",
    "tag:GetResources",
)

_ALIASES = (names.key_alias, names.audit_key_alias)


def _tag(where: str, arns: Arns) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:{where}Tag/tee:environment": arns.environment}}
