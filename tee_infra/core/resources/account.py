"""An account's resources before its first environment: the wanted settings of each piece, and how the live ones differ.

Pieces are plain data in AWS's own form, so that AWS's answers can be compared and sent back.
"""

from collections.abc import Mapping
from typing import Any, Final

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources.access.documents import document, only_encrypted
from tee_infra.errors import RefusedError

Facts = Mapping[str, Any]
"""One piece's settings by name, in AWS's own form."""

TAGS: Final = {"tee:managed-by": "bootstrap"}
"""On every piece. These tags name no environment, so cleanup neither lists nor touches a piece."""

OLD_VERSIONS_DAYS: Final = {"standing": 365, "ephemeral": 30}
"""How long an overwritten or deleted state file can be restored."""

_IDENTITIES: Final = ("Sid", "ID", "Key", "TagKey")


class UnusableError(RefusedError):
    """A piece exists but cannot be used: `what`, and the `reason`."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        super().__init__(f"{what} cannot be used: {reason}. It was not changed")


def key() -> Facts:
    """The KMS key of the state, rotated once a year."""
    return {
        "state": "Enabled",
        "rotation": True,
        "tags": [{"TagKey": key, "TagValue": value} for key, value in TAGS.items()],
    }


def state_bucket(purpose: str, arns: Arns, key_arn: str) -> Facts:
    """A bucket of the engine's state. `purpose`: `standing` or `ephemeral`."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    return {
        "versioning": "Enabled",
        "encryption": {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]},
        "public access block": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
        "policy": document(only_encrypted(arns.state_bucket(purpose))),  # IAM decides on the access itself
        "lifecycle": [_lifecycle(OLD_VERSIONS_DAYS[purpose])],
        "tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }


def control_table() -> Facts:
    """The control table, encrypted with AWS's own key: it has no secrets, and locks must not depend on KMS."""
    return {
        "keys": [("pk", "HASH", "S"), ("sk", "RANGE", "S")],
        "deletion protection": True,
        "point-in-time recovery": True,
        "tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
    }


def backend_url(purpose: str, account_id: str, region: str) -> str:
    """The URL of the state in a bucket (`PULUMI_BACKEND_URL`)."""
    return f"s3://{names.state_bucket(purpose, account_id, region)}?region={region}&awssdk=v2"


def secrets_provider(region: str) -> str:
    """The secrets provider of a stack's state (`pulumi stack init --secrets-provider`)."""
    return f"awskms://{names.STATE_KEY_ALIAS}?region={region}&awssdk=v2"


def differing(what: str, found: Facts, wanted: Facts) -> dict[str, Any]:
    """The settings to write where `found` differs from `wanted`; additions by others are kept.

    Raises `UnusableError` where no setting helps: a disabled key, a table with other keys.
    """
    changes = {name: overlay(found.get(name), value) for name, value in wanted.items()}
    changes = {name: value for name, value in changes.items() if value != found.get(name)}
    if "state" in changes:
        raise UnusableError(what, f"it is {found['state']}; see `aws kms enable-key` and `aws kms cancel-key-deletion`")
    if "keys" in changes:
        raise UnusableError(what, f"its key is {found['keys']!r} instead of {wanted['keys']!r}; not made by tee-infra")
    return changes


def overlay(found: Any, wanted: Any) -> Any:
    """`wanted` over `found`: equal to `found` where that has all of it.

    AWS adds members of its own, and people add tags, rules and statements: those are kept. An entry with the name of
    a wanted one is replaced by it.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {**found, **{key: overlay(found.get(key), value) for key, value in wanted.items()}}
    if not (isinstance(wanted, list) and isinstance(found, list)):
        return wanted
    identity = next((key for key in _IDENTITIES if all(key in entry for entry in wanted)), None)
    if identity is None:
        return [overlay(*pair) for pair in zip(found, wanted, strict=True)] if len(found) == len(wanted) else wanted
    ours = {entry[identity]: entry for entry in wanted}
    kept = [ours.pop(entry.get(identity), entry) for entry in found]
    return [*kept, *ours.values()]


def _lifecycle(days: int) -> dict[str, Any]:
    return {
        "ID": f"{names.SERVICE}-old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
