"""A setting of an S3 bucket as a resource type: its id is the bucket, and putting it creates and updates alike."""

from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.s3 import code
from tee_infra.local.provider.schema import REGION, STRING, Actions, Failure, Property, ResourceType, Values, replaces

OWNER: Mapping[str, Property] = {"expectedBucketOwner": replaces(STRING, unread=True)}


def setting(
    name: str,
    properties: Mapping[str, Property],
    *,
    put: Callable[[Aws, str, Values], object],
    get: Callable[[Aws, str], Values | None],
    delete: Callable[[Aws, str], object],
    absent: str = "",
    validate_change: Callable[[Values, Values], list[Failure]] = lambda _old, _new: [],
) -> ResourceType:
    """Return the resource type `name`; `absent` is AWS's code for a bucket that lacks the setting."""

    def create(aws: Aws, inputs: Values) -> str:
        put(aws, inputs["bucket"], inputs)
        return inputs["bucket"]

    def read(aws: Aws, made: str, _state: Values) -> Values | None:
        try:
            found = get(aws, made)
        except ClientError as error:
            if code(error) in {absent, "NoSuchBucket"}:
                return None
            raise
        return found and {"bucket": made} | found

    def remove(aws: Aws, made: str, _state: Values) -> None:
        delete(aws, made)

    return ResourceType(
        type=f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        title=f"S3 {name}",
        properties={"bucket": replaces(STRING, required=True), **properties, **REGION},
        validate_change=validate_change,
        actions=Actions(
            create=create, read=read, update=lambda aws, made, update: put(aws, made, update.new), delete=remove
        ),
    )
