"""The permissions boundary of pipelines, deployers and cleanup: the resources of their environment, without any item.

No pipeline may change the role of one, nor a boundary, nor make a role without the boundary of the app and of people.
Wildcards keep it below half of the 6,144 characters that IAM takes: a Deny of too much is safe, and no name of another
environment begins or ends as one of these.
"""

from collections.abc import Sequence
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns, shortened
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.documents import (
    EVERYTHING,
    Document,
    Statement,
    allow,
    deny,
    deny_all_but,
    document,
)
from tee_infra.core.resources.access.pipelines import SEED, deployed_arns, hosts_features
from tee_infra.core.resources.access.privileged import PRIVILEGED_RULE
from tee_infra.core.resources.access.role import guarded_roles
from tee_infra.core.resources.access.state import CONTROL, FILES, STATE_KEY, with_state_alias


def pipeline_boundary(environment: Environment, arns: Arns) -> Document:
    """Everything under the environment's own names that some pipeline of it manages."""
    scope = [shortened(one) for one in deployed_arns(environment, arns)]
    own = scope[0]
    return document(
        allow("Own", ["*"], _own(scope)),
        allow("Roles", _ROLES, [*(one.role("*") for one in scope), own.policies]),
        allow("PassTrailRole", ["iam:PassRole"], [own.role("audit")], conditions=_TO_THE_TRAIL),
        allow("Keys", ["kms:*"], [own.keys], conditions=_tag("Resource", own)),
        allow("NewKeys", ["kms:CreateKey"], EVERYTHING, conditions=_tag("Request", own)),
        *_state(environment, own),
        allow("Look", [*LOOK, *(FIND_FEATURES if hosts_features(environment) else ())], EVERYTHING),
        *_never(environment, own),
    )


LOOK: Final = (
    "cloudtrail:DescribeTrails",
    "kms:ListAliases",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "ssm:DescribeParameters",
)
FIND_FEATURES: Final = ("dynamodb:ListTables", "iam:ListRoles", "tag:GetResources")
"""No action of these two lists takes a resource."""

_ON_TABLES: Final = (
    "dynamodb:*Resource*",  # tags, and the policy of a table
    "dynamodb:CreateTable",
    "dynamodb:DeleteTable",
    "dynamodb:Describe*",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
)

_ROLES: Final = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:Get*",
    "iam:List*",
    "iam:PutRole*",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:Update*Role*",
)

_TO_THE_TRAIL: Final = {"StringEquals": {"iam:PassedToService": "cloudtrail.amazonaws.com"}}


def _own(scope: Sequence[Arns]) -> list[str]:
    """Whole services where none of it is an item or gives access. `NeverItems` says what tables are for."""
    own, features = scope[0], scope[1:]
    return [
        *(one.named_tables for one in scope),
        own.parameter("?*"),  # not the path: who may list it sees all below it, the anonymization key too
        *(one.parameter() for one in features),  # the path, by which leftovers are listed, and all below
        own.topic,
        own.alarms,
        own.dashboard,
        own.budget,
        own.trail,
        own.audit_bucket,
        f"{own.log_group('audit')}*",
        own.event_rule(PRIVILEGED_RULE),
        own.key_alias(f"{names.key_alias(own.environment)}*"),
    ]


def _state(environment: Environment, own: Arns) -> list[Statement]:
    """Their own policies name the files: whole buckets here."""
    files = f"{own.state_bucket('*' if hosts_features(environment) else 'standing')}*"  # the bucket, and its files
    return [
        allow("State", [*CONTROL, *FILES, "s3:ListBucket"], [own.control_table, files]),
        allow("StateKey", STATE_KEY, [own.keys], conditions=with_state_alias()),
    ]


def _never(environment: Environment, own: Arns) -> list[Statement]:
    """A Deny also holds where the policy of a table, or the trust of a role, names a session: that passes an Allow."""
    guarded = [f"arn:*:iam::*:role/*-{end}" for end in _guarded(environment)]
    parameters = [_ANONYMIZE_KEYS, f"arn:*:ssm:*:*:parameter{names.parameter(own.environment, '')}"]
    # A name is given to one managed policy of an account, whatever its path.
    unbounded = {"StringNotLike": {"iam:PermissionsBoundary": f"*/{names.boundary(own.environment)}"}}
    return [
        deny_all_but("NeverItems", [*_ON_TABLES, *([SEED] if hosts_features(environment) else [])], [_ANY_TABLE]),
        deny_all_but("NeverGuarded", ["iam:Get*", "iam:List*"], [*guarded, _ANY_POLICY, *parameters]),
        # A request for a role without a boundary has no such key, nor has one to enter another role: denied too.
        deny("NeverUnbounded", ["iam:CreateRole", "iam:PutRole*", "sts:AssumeRole"], EVERYTHING, conditions=unbounded),
    ]


_ANY_TABLE: Final = f"arn:*:dynamodb:*:*:table/*-{names.SERVICE}-*"
"""The tables of every environment, with indexes, streams and backups, and not the control table."""
_ANY_POLICY: Final = "arn:*:iam::*:policy/*"
_ANONYMIZE_KEYS: Final = f"arn:*:ssm:*:*:parameter/*/{names.ANONYMIZE_KEY}"


def _guarded(environment: Environment) -> list[str]:
    """The ends of the names of guarded roles; both deployers' names end alike."""
    return sorted({"deployer" if role.endswith("deployer") else role for role in guarded_roles(environment)})


def _tag(where: str, own: Arns) -> dict[str, dict[str, str]]:
    return {"StringEquals": {f"aws:{where}Tag/tee:environment": own.environment}}
