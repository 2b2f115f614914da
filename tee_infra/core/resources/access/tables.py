"""The policies on data itself: a production table's own policy, and the key that encrypts it."""

from collections.abc import Callable
from typing import Final

from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.actions import DATA_PLANE, PARTIQL, SCAN
from tee_infra.core.resources.access.documents import EVERYTHING, Document, Statement, allow, deny, document, render
from tee_infra.core.resources.access.slots import with_production

BULK_READERS: Final = ("migrator", "break-glass")
"""The roles that may read a complete production table: those of its slot, and those of production."""


def table_policy(arns: Arns, table_arn: str) -> Document:
    """A production table's policy: Deny only, since an Allow here bypasses permissions boundaries.

    It never denies a change to the policy itself, nor to the table, so it cannot lock out an administrator: one
    who must read in bulk removes the policy first, and that is recorded. AWS services are exempt.
    """
    resources = [table_arn, f"{table_arn}/index/*"]
    not_a_service = {"aws:PrincipalIsAWSService": "false"}
    return document(
        deny(
            "OnlyThisAccount",
            DATA_PLANE,
            resources,
            principal="*",
            conditions={"StringNotEquals": {"aws:PrincipalAccount": arns.account_id}, "Bool": not_a_service},
        ),
        deny(
            "OnlyBulkReaders",
            ["dynamodb:CreateBackup", "dynamodb:ExportTableToPointInTime", *PARTIQL, SCAN],
            resources,
            principal="*",
            conditions={
                "ArnNotEquals": {
                    "aws:PrincipalArn": [one.role(role) for one in with_production(arns) for role in BULK_READERS]
                },
                "Bool": not_a_service,
            },
        ),
        deny(
            "OnlyEncrypted",
            DATA_PLANE,
            resources,
            principal="*",
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
    )


def production_policy(environment: Environment, account_id: str, region: str) -> Callable[[str], str] | None:
    """Makes the resource policy of a table of `environment` from the table's ARN; None where its tables have none.

    For tables that a restore creates: DynamoDB restores no resource policy.
    """
    if not environment.kind.production or not account_id:
        return None
    arns = Arns(account_id=account_id, region=region, environment=environment.name)
    return lambda table_arn: render(table_policy(arns, table_arn))


def table_key_policy(arns: Arns) -> Document:
    """The key of the tables: managed through IAM, used through DynamoDB by every principal that may use the tables.

    A key policy's resource is always `*`: its own key.
    """
    return document(
        manage_key(arns),
        allow(
            "UseThroughDynamoDB",
            [
                "kms:CreateGrant",
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            EVERYTHING,
            principal={"AWS": "*"},
            conditions={
                "StringEquals": {
                    "kms:CallerAccount": arns.account_id,
                    "kms:ViaService": f"dynamodb.{arns.region}.amazonaws.com",
                }
            },
        ),
    )


def manage_key(arns: Arns) -> Statement:
    """The account's IAM policies decide on the key. Without this a key can become unmanageable for ever."""
    return allow("ManageThroughIAM", ["kms:*"], EVERYTHING, principal={"AWS": arns.account_root})
