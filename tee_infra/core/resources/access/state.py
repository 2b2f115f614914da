"""Pipelines' access besides resources: locks and records in the control table, their stacks' state, and its key."""

from typing import Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import Statement, allow

CONTROL: Final = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
"""No item is ever updated in place or deleted. The code's own condition keeps a PutItem from replacing a newer item:
IAM cannot require one."""

FILES: Final = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
"""The engine's actions on its files, lock files included. No role may read earlier versions of a file."""

# S3 encrypts files with data keys; the engine has the key of a stack's secrets encrypted (gocloud.dev, awskms).
STATE_KEY: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


def control_and_key(arns: Arns) -> list[Statement]:
    """The account's locks and records, and the key of its stacks' state."""
    return [
        allow("Control", CONTROL, [arns.control_table], conditions=_OF_STACKS),
        allow(
            "StateKey",
            STATE_KEY,
            [arns.keys],
            conditions=with_state_alias(),
        ),
    ]


_OF_STACKS: Final = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [names.history("*"), names.LOCKS, "registry"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
"""Not the pointer of another environment of the account, nor the journals of its switches: a pipeline that put one
would send production's writes to other tables. `ForAllValues` also holds for a request without any key."""


def with_state_alias() -> dict[str, dict[str, str]]:
    """The condition that finds the key of the state, whose own name is random."""
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.STATE_KEY_ALIAS}}


def standing_state(arns: Arns) -> list[Statement]:
    """The files of one permanent environment.

    The names of all files can be listed. Without that S3 answers 403 for a missing file, which is an error to the
    engine, and a condition on `s3:prefix` fails there too: such a request has no prefix.
    """
    bucket = arns.state_bucket("standing")
    # stacks/PROJECT/ENV.json, .json.bak and .pulumi-tags; and below locks/organization/PROJECT/ENV, backups/PROJECT/ENV
    # and history/PROJECT/ENV.
    files = f"{bucket}/.pulumi/*/{names.PROJECT}/{arns.environment}"
    return [
        allow("State", FILES, [f"{files}.*", f"{files}/*"]),
        allow("StateLayout", ["s3:GetObject", "s3:ListBucket"], [bucket, f"{bucket}/.pulumi/meta.yaml"]),
    ]


def ephemeral_state(arns: Arns) -> list[Statement]:
    """The files of every feature environment, and the copies of their last states."""
    bucket = arns.state_bucket("ephemeral")
    return [allow("FeatureState", [*FILES, "s3:ListBucket"], [bucket, f"{bucket}/.pulumi/*"])]
