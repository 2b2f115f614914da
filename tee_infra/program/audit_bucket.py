"""The bucket of the audit trail: once written, a log file cannot be changed for a year."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tee_infra.core import names
from tee_infra.core.arns import Arns
from tee_infra.core.resources import access, audit_trail


def audit_bucket(
    name: str, arns: Arns, key: aws.kms.Key, child: pulumi.ResourceOptions
) -> tuple[aws.s3.Bucket, aws.s3.BucketPolicy]:
    """Create the bucket, locked and private, and the policy that allows the trail to write to it."""
    bucket = aws.s3.Bucket(
        name,
        bucket=names.audit_bucket(arns.environment, arns.account_id, arns.region),
        object_lock_enabled=True,
        opts=child,
    )
    _keep_versions(name, bucket, child)
    _encrypt(name, bucket, key, child)
    private = _keep_private(name, bucket, child)
    policy = aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=access.render(audit_trail.bucket_policy(arns)),
        # S3 refuses two changes to one bucket's access at the same time.
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=private)),
    )
    return bucket, policy


def _keep_versions(name: str, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions) -> None:
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=child,
    )
    after_versioning = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[versioning]))
    aws.s3.BucketObjectLockConfiguration(
        f"{name}-lock",
        bucket=bucket.bucket,
        object_lock_enabled="Enabled",
        rule={"default_retention": {"mode": "GOVERNANCE", "days": audit_trail.RETENTION_DAYS}},
        opts=after_versioning,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.bucket,
        rules=[
            {
                "id": "expire",
                "status": "Enabled",
                "filter": {"prefix": audit_trail.LOG_PREFIX},
                "expiration": {"days": audit_trail.EXPIRY_DAYS},
                "noncurrent_version_expiration": {"noncurrent_days": 30},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=after_versioning,
    )


def _encrypt(name: str, bucket: aws.s3.Bucket, key: aws.kms.Key, child: pulumi.ResourceOptions) -> None:
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=child,
    )


def _keep_private(name: str, bucket: aws.s3.Bucket, child: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    return [
        aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        ),
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child,
        ),
    ]
