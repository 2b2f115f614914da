"""S3: the settings of a bucket, one resource type each (`internal/service/s3/bucket_versioning.go`, ...)."""

from typing import Any

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.s3 import locks_objects
from tee_infra.local.provider.s3_setting import OWNER, setting
from tee_infra.local.provider.s3_shapes import from_api, to_api
from tee_infra.local.provider.schema import (
    BOOLEAN,
    NUMBER,
    POLICY,
    STRING,
    Block,
    Failure,
    RefusedByAwsError,
    SetOf,
    Values,
    replaces,
    updates,
)

LOCKED = (
    "InvalidBucketState: An Object Lock configuration is present on this bucket,"
    " so the versioning state cannot be changed."
)


def _put_versioning(aws: Aws, bucket: str, inputs: Values) -> None:
    wanted = inputs["versioningConfiguration"]
    if wanted["status"] == "Suspended" and locks_objects(aws, bucket):
        raise RefusedByAwsError(LOCKED)
    if wanted["status"] != "Disabled":  # the state of a new bucket, to which none can return
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=to_api(wanted))


def _get_versioning(aws: Aws, bucket: str) -> Values:
    found: Any = aws.s3.get_bucket_versioning(Bucket=bucket)
    return {"versioningConfiguration": {"status": found.get("Status", "Disabled"), "mfaDelete": found.get("MFADelete")}}


def _suspend_versioning(aws: Aws, bucket: str) -> None:
    """Versioning cannot be removed, and with Object Lock not even suspended."""
    if not locks_objects(aws, bucket):
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def _versioning_stays(old: Values, new: Values) -> list[Failure]:
    before, after = old["versioningConfiguration"], new["versioningConfiguration"]
    if before["status"] == "Disabled" or after["status"] != "Disabled":
        return []
    reason = f"versioning_configuration.status cannot be updated from '{before['status']}' to 'Disabled'"
    return [Failure(path="versioningConfiguration.status", reason=reason)]


VERSIONING_CONFIGURATION = Block(
    {
        "status": updates(STRING, required=True, one_of=("Enabled", "Suspended", "Disabled")),
        "mfaDelete": updates(STRING, keeps=True, one_of=("Enabled", "Disabled")),
    }
)
VERSIONING = setting(
    "BucketVersioning",
    {
        "versioningConfiguration": updates(VERSIONING_CONFIGURATION, required=True),
        "mfa": updates(STRING, unread=True),
        **OWNER,
    },
    put=_put_versioning,
    get=_get_versioning,
    delete=_suspend_versioning,
    validate_change=_versioning_stays,
)


def _put_block(aws: Aws, bucket: str, inputs: Values) -> None:
    wanted: Any = {name[0].upper() + name[1:]: inputs[name] for name in PUBLIC_ACCESS if name in inputs}
    aws.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=wanted)


PUBLIC_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PUBLIC_ACCESS_BLOCK = setting(
    "BucketPublicAccessBlock",
    {
        **{name: updates(BOOLEAN, default=False) for name in PUBLIC_ACCESS},
        "skipDestroy": updates(BOOLEAN, unread=True),
    },
    put=_put_block,
    get=lambda aws, bucket: from_api(aws.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]),
    delete=lambda aws, bucket: aws.s3.delete_public_access_block(Bucket=bucket),
    absent="NoSuchPublicAccessBlockConfiguration",
)

BUCKET_POLICY = setting(
    "BucketPolicy",
    {"policy": updates(POLICY, required=True)},
    put=lambda aws, bucket, inputs: aws.s3.put_bucket_policy(Bucket=bucket, Policy=inputs["policy"]),
    get=lambda aws, bucket: {"policy": aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]},
    delete=lambda aws, bucket: aws.s3.delete_bucket_policy(Bucket=bucket),
    absent="NoSuchBucketPolicy",
)


def _put_encryption(aws: Aws, bucket: str, inputs: Values) -> None:
    rules: Any = to_api(inputs["rules"])
    for rule in rules:
        if "BlockedEncryptionTypes" in rule:  # a list in the provider, a list inside a structure in the API
            rule["BlockedEncryptionTypes"] = {"EncryptionType": rule["BlockedEncryptionTypes"]}
    aws.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})


def _get_encryption(aws: Aws, bucket: str) -> Values:
    found: Any = aws.s3.get_bucket_encryption(Bucket=bucket)
    return {"rules": from_api(found["ServerSideEncryptionConfiguration"]["Rules"])}


DEFAULT_ENCRYPTION = Block(
    {
        "sseAlgorithm": updates(STRING, required=True, one_of=("AES256", "aws:kms", "aws:kms:dsse")),
        "kmsMasterKeyId": updates(STRING),
    }
)
ENCRYPTION_RULE = Block(
    {
        "applyServerSideEncryptionByDefault": updates(DEFAULT_ENCRYPTION),
        "bucketKeyEnabled": updates(BOOLEAN),
        "blockedEncryptionTypes": updates(SetOf(STRING), keeps=True, unread=True),
    }
)
ENCRYPTION = setting(
    "BucketServerSideEncryptionConfiguration",
    {"rules": updates(SetOf(ENCRYPTION_RULE), required=True), **OWNER},
    put=_put_encryption,
    get=_get_encryption,
    delete=lambda aws, bucket: aws.s3.delete_bucket_encryption(Bucket=bucket),
    absent="ServerSideEncryptionConfigurationNotFoundError",
)


def _put_lock(aws: Aws, bucket: str, inputs: Values) -> None:
    rule = {"Rule": to_api(inputs["rule"])} if inputs.get("rule") else {}
    wanted: Any = {"ObjectLockEnabled": inputs["objectLockEnabled"]} | rule
    aws.s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=wanted)


def _get_lock(aws: Aws, bucket: str) -> Values:
    found: Any = aws.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    return from_api({name: found.get(name) for name in ("ObjectLockEnabled", "Rule")})


RETENTION = Block(
    {
        "mode": updates(STRING, one_of=("GOVERNANCE", "COMPLIANCE")),
        "days": updates(NUMBER),
        "years": updates(NUMBER),
    }
)
OBJECT_LOCK = setting(
    "BucketObjectLockConfiguration",
    {
        "objectLockEnabled": replaces(STRING, default="Enabled", one_of=("Enabled",)),
        "rule": updates(Block({"defaultRetention": updates(RETENTION, required=True)})),
        "token": updates(STRING, unread=True),
        **OWNER,
    },
    put=_put_lock,
    get=_get_lock,
    delete=lambda aws, bucket: _put_lock(aws, bucket, {"objectLockEnabled": "Enabled"}),
    absent="ObjectLockConfigurationNotFoundError",
)


def _put_ownership(aws: Aws, bucket: str, inputs: Values) -> None:
    wanted: Any = {"Rules": [to_api(inputs["rule"])]}
    aws.s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=wanted)


def _get_ownership(aws: Aws, bucket: str) -> Values:
    found: Any = aws.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    return {"rule": from_api(found["Rules"][0])}


OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
OWNERSHIP_CONTROLS = setting(
    "BucketOwnershipControls",
    {"rule": updates(Block({"objectOwnership": updates(STRING, required=True, one_of=OWNERSHIPS)}), required=True)},
    put=_put_ownership,
    get=_get_ownership,
    delete=lambda aws, bucket: aws.s3.delete_bucket_ownership_controls(Bucket=bucket),
    absent="OwnershipControlsNotFoundError",
)

TYPES = (VERSIONING, PUBLIC_ACCESS_BLOCK, BUCKET_POLICY, ENCRYPTION, OBJECT_LOCK, OWNERSHIP_CONTROLS)
