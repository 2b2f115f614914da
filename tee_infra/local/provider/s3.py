"""S3: buckets (`internal/service/s3/bucket.go`). Their settings are resources of their own, in `s3_settings`."""

from typing import Any

from botocore.exceptions import ClientError

from tee_infra.local.provider import tags
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import (
    BOOLEAN,
    REGION,
    STRING,
    TAGS,
    Actions,
    Naming,
    ResourceType,
    Update,
    Values,
    computed,
    refused,
    replaces,
    updates,
)


def _create(aws: Aws, inputs: Values) -> str:
    request: dict[str, Any] = {
        "Bucket": inputs["bucket"],
        "ObjectLockEnabledForBucket": inputs.get("objectLockEnabled", False),
    }
    if aws.region != "us-east-1":  # the only region that must not be named
        request["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
    aws.s3.create_bucket(**request)
    return inputs["bucket"]


def _finish(aws: Aws, made: str, inputs: Values) -> None:
    if inputs.get("tags"):
        aws.s3.put_bucket_tagging(Bucket=made, Tagging={"TagSet": tags.pairs(inputs["tags"])})


def _read(aws: Aws, made: str, _state: Values) -> Values | None:
    try:
        region = aws.s3.get_bucket_location(Bucket=made)["LocationConstraint"] or "us-east-1"
    except ClientError as error:
        if code(error) == "NoSuchBucket":
            return None
        raise
    return {
        "bucket": made,
        "arn": f"arn:aws:s3:::{made}",
        "bucketDomainName": f"{made}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{made}.s3.{region}.amazonaws.com",
        "objectLockEnabled": locks_objects(aws, made),
        **tags.both(_tags(aws, made)),
    }


def _update(aws: Aws, made: str, update: Update) -> None:
    if "tags" in update.changed and update.new.get("tags"):
        _finish(aws, made, update.new)
    elif "tags" in update.changed:
        aws.s3.delete_bucket_tagging(Bucket=made)


def _delete(aws: Aws, made: str, state: Values) -> None:
    if state.get("forceDestroy"):
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=made):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                aws.s3.delete_object(
                    Bucket=made,
                    Key=version.get("Key", ""),
                    VersionId=version.get("VersionId", ""),
                    BypassGovernanceRetention=True,
                )
    aws.s3.delete_bucket(Bucket=made)


def code(error: ClientError) -> str:
    """Return AWS's error code."""
    return error.response.get("Error", {}).get("Code", "")


def locks_objects(aws: Aws, bucket: str) -> bool:
    """Whether the bucket was created with Object Lock."""
    try:
        found: Any = aws.s3.get_object_lock_configuration(Bucket=bucket)
    except ClientError:
        return False
    return found["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"


def _tags(aws: Aws, bucket: str) -> Any:
    try:
        return aws.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if code(error) == "NoSuchTagSet":
            return []
        raise


def _elsewhere(resource: str) -> Any:
    return refused(f"use aws.s3.{resource}")


BUCKET = ResourceType(
    type="aws:s3/bucket:Bucket",
    title="S3 Bucket",
    properties={
        "bucket": replaces(STRING, named=Naming(longest=63, lower=True)),
        "bucketPrefix": refused("write the whole name instead of a prefix"),
        "bucketNamespace": refused("there is one namespace"),
        "forceDestroy": updates(BOOLEAN, default=False, unread=True),
        "objectLockEnabled": replaces(BOOLEAN, keeps=True),
        "accelerationStatus": _elsewhere("BucketAccelerateConfiguration"),
        "acl": _elsewhere("BucketAcl"),
        "corsRules": _elsewhere("BucketCorsConfiguration"),
        "grants": _elsewhere("BucketAcl"),
        "lifecycleRules": _elsewhere("BucketLifecycleConfiguration"),
        "logging": _elsewhere("BucketLogging"),
        "objectLockConfiguration": _elsewhere("BucketObjectLockConfiguration"),
        "policy": _elsewhere("BucketPolicy"),
        "replicationConfiguration": _elsewhere("BucketReplicationConfig"),
        "requestPayer": _elsewhere("BucketRequestPaymentConfiguration"),
        "serverSideEncryptionConfiguration": _elsewhere("BucketServerSideEncryptionConfiguration"),
        "versioning": _elsewhere("BucketVersioning"),
        "website": _elsewhere("BucketWebsiteConfiguration"),
        "arn": computed(STRING),
        "bucketDomainName": computed(STRING),
        "bucketRegion": computed(STRING),
        "bucketRegionalDomainName": computed(STRING),
        **TAGS,
        **REGION,
    },
    actions=Actions(create=_create, finish=_finish, read=_read, update=_update, delete=_delete),
)

TYPES = (BUCKET,)
