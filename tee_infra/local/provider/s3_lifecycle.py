"""S3: a bucket's lifecycle rules (`internal/service/s3/bucket_lifecycle_configuration.go`)."""

from typing import Any

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.s3_setting import OWNER, setting
from tee_infra.local.provider.s3_shapes import from_api, to_api
from tee_infra.local.provider.schema import BOOLEAN, NUMBER, STRING, Block, MapOf, SetOf, Values, refused, updates

STORAGE_CLASSES = ("GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")


def _put(aws: Aws, bucket: str, inputs: Values) -> None:
    rules = [{"filter": {"prefix": rule.get("prefix", "")}} | rule for rule in inputs.get("rules", [])]
    wanted: Any = {"Rules": to_api(rules)}
    aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=wanted)


def _get(aws: Aws, bucket: str) -> Values:
    found: Any = aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    return {"rules": from_api(found["Rules"])}


SIZES = {"objectSizeGreaterThan": updates(NUMBER), "objectSizeLessThan": updates(NUMBER)}
TAG = Block({"key": updates(STRING, required=True), "value": updates(STRING, required=True)})
ALL_OF = Block({"prefix": updates(STRING), "tags": updates(MapOf(STRING)), **SIZES})
FILTER = Block({"prefix": updates(STRING), "tag": updates(TAG), "and": updates(ALL_OF), **SIZES})
TRANSITION = Block(
    {
        "days": updates(NUMBER),
        "date": updates(STRING),
        "storageClass": updates(STRING, required=True, one_of=STORAGE_CLASSES),
    }
)
NONCURRENT = {"noncurrentDays": updates(NUMBER, required=True), "newerNoncurrentVersions": updates(NUMBER)}
NONCURRENT_TRANSITION = Block({**NONCURRENT, "storageClass": updates(STRING, required=True, one_of=STORAGE_CLASSES)})
EXPIRATION = Block({"days": updates(NUMBER), "date": updates(STRING), "expiredObjectDeleteMarker": updates(BOOLEAN)})
RULE = Block(
    {
        "id": updates(STRING, required=True),
        "status": updates(STRING, required=True, one_of=("Enabled", "Disabled")),
        "prefix": updates(STRING),
        "filter": updates(FILTER, keeps=True),
        "expiration": updates(EXPIRATION),
        "transitions": updates(SetOf(TRANSITION)),
        "noncurrentVersionExpiration": updates(Block(NONCURRENT)),
        "noncurrentVersionTransitions": updates(SetOf(NONCURRENT_TRANSITION)),
        "abortIncompleteMultipartUpload": updates(Block({"daysAfterInitiation": updates(NUMBER)})),
    }
)
LIFECYCLE = setting(
    "BucketLifecycleConfiguration",
    {
        "rules": updates(SetOf(RULE, key="id"), required=True),
        "transitionDefaultMinimumObjectSize": updates(STRING, keeps=True, unread=True),
        "timeouts": refused("nothing takes time here"),
        **OWNER,
    },
    put=_put,
    get=_get,
    delete=lambda aws, bucket: aws.s3.delete_bucket_lifecycle(Bucket=bucket),
    absent="NoSuchLifecycleConfiguration",
)

TYPES = (LIFECYCLE,)
