"""The functions `aws.get_...()` that need no resource."""

from collections.abc import Callable, Mapping

from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.schema import Values


def caller_identity(aws: Aws, _arguments: Values) -> Values:
    """Return the caller: the embedded account's root."""
    account = aws.account_id
    return {"id": account, "accountId": account, "arn": f"arn:aws:iam::{account}:root", "userId": account}


def region(aws: Aws, arguments: Values) -> Values:
    """Return the requested region, or the provider's."""
    name = arguments.get("region") or arguments.get("name") or aws.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": name,
        "endpoint": arguments.get("endpoint") or f"ec2.{name}.amazonaws.com",
    }


def partition(_aws: Aws, _arguments: Values) -> Values:
    """Return the only partition."""
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


FUNCTIONS: Mapping[str, Callable[[Aws, Values], Values]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": caller_identity,
    "aws:index/getRegion:getRegion": region,
    "aws:index/getPartition:getPartition": partition,
}
