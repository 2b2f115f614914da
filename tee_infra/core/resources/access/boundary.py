"""The permissions boundary of the app, of people and of the trail: their maximum, whatever policies they are given.

A deployer writes the policies and the trust of these roles, so those count for nothing here: what a rewritten role
reaches is items and configuration of its environment. `pipeline_boundary.py` has that of pipelines, which manage
resources. `tests/iam/test_escalation.py` proves both for every action of IAM.
"""

from collections.abc import Sequence
from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns, shortened
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import (
    LIST_BACKUPS,
    LIST_STREAMS,
    LIST_TABLES,
    NATIVE_BACKUP,
    READ_STREAM,
    STREAM_READERS,
    WARM_TABLE,
)
from tee_infra.core.resources.access.cutover import CUTOVER
from tee_infra.core.resources.access.documents import EVERYTHING, Document, allow, deny, deny_all_but, document
from tee_infra.core.resources.access.people import on_pointer
from tee_infra.core.resources.access.pipelines import FEATURE_HOST, deployed_arns, hosts_features
from tee_infra.core.resources.access.slots import reached, with_slots


def bounded_by(environment: Environment, arns: Arns) -> str:
    """The ARN of the boundary of an environment's roles, those of pipelines excepted."""
    if not environment.is_feature:
        return arns.boundary
    return Arns(account_id=arns.account_id, region=arns.region, environment=FEATURE_HOST).boundary


def boundary(environment: Environment, arns: Arns, slots: Sequence[str] = ()) -> Document:
    """Items and configuration under the environment's own names, items of its slots, and what else some role needs."""
    migrator = arns.role("migrator")
    arns = shortened(arns)
    scope = with_slots(arns, slots)
    own = [arn for one in deployed_arns(environment, arns) for arn in (one.named_tables, one.parameters)]
    tagged = {"StringEquals": {"aws:ResourceTag/tee:environment": [one.environment for one in scope]}}
    warms = [WARM_TABLE] if environment.kind.production else []  # `OnlyMigrator` denies it to every other role
    secrets = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.SECRETS_KEY_ALIAS}}
    statements = [
        allow("Own", [*_ON_OWN, *warms], [*own, f"{arns.log_group('audit')}*"]),
        *([allow("Slots", _ON_SLOTS, [arn for one in scope[1:] for arn in reached(one)])] if slots else []),
        allow("Keys", _USE_KEYS, [arns.keys], conditions=tagged),
        allow("SecretsKey", ["kms:Decrypt"], [arns.keys], conditions=secrets),
        # Each of these takes no resource.
        allow("Look", LOOK, EVERYTHING),
    ]
    if hosts_features(environment):  # a developer makes sure that the record of an environment is live
        statements.append(allow("ReadRecords", ["dynamodb:GetItem"], [arns.control_table]))
    else:
        statements += on_pointer(environment, arns)
    if environment.kind.production:  # by its name alone: with the keys of the role's own policy it is too long
        only = {"ArnEquals": {"aws:PrincipalArn": migrator}}
        statements.append(allow("Cutover", CUTOVER, [arns.control_table], conditions=only))
    # A role that may list a path sees all parameters below it, even with a Deny on one of them (SSM user guide).
    keys = [arns.parameter(names.ANONYMIZE_KEY), arns.parameter("")]
    others = {"ArnNotEquals": {"aws:PrincipalArn": migrator}}
    return document(
        *statements,
        # A Deny also holds where the policy of a table, or the trust of a role, names a session: that passes an Allow.
        deny_all_but("OnlyItems", [*_ON_OWN, *_USE_KEYS, *LOOK, *warms], EVERYTHING),
        deny("OnlyMigrator", ["ssm:*", *READ_STREAM, *warms], [*keys, _ANY_TABLE], conditions=others),
    )


LOOK: Final = (LIST_BACKUPS, LIST_STREAMS, LIST_TABLES, STREAM_READERS)

_ON_SLOTS: Final = (
    "dynamodb:*Item",
    NATIVE_BACKUP,
    "dynamodb:Describe*",
    "dynamodb:Get*",  # streams, of which `OnlyMigrator` denies the rest, and the policy of a table
    "dynamodb:ListTagsOfResource",
    "dynamodb:Query",
    "dynamodb:Scan",
)
_ON_OWN: Final = (
    *_ON_SLOTS,
    "dynamodb:*agResource",  # tag and untag, in as few characters as possible
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ssm:GetParameter*",
)
"""Every role but the migrator denies native backups in its own policy, as production's tables do."""

_USE_KEYS: Final = ("kms:*crypt*", "kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey*")

_ANY_TABLE: Final = "arn:*:dynamodb:*:*:table/*"
"""Every table with its streams, of every account: the policy of a stream may name a session."""
