"""A bucket of the engine's state and its settings."""

import json
from typing import Any, Final, NamedTuple, Self

from botocore.exceptions import ClientError

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.core.resources.account import Facts
from tee_infra.errors import RefusedError

_BUSY: Final = "OperationAborted"
_MOST_TRIES: Final = 10
PAUSE_SECONDS: Final = 1.0


class ForeignBucketError(RefusedError):
    """A bucket of that name exists and is not this account's, or not accessible."""

    def __init__(self, bucket: str, account_id: str) -> None:
        self.bucket = bucket
        super().__init__(
            f"bucket {bucket} does not belong to AWS account {account_id}, or these credentials may not read it. State "
            "is never stored in another account's bucket",
            next="Use credentials with access, or choose another region in Pulumi.dev.yaml",
        )


class _Calls(NamedTuple):
    """S3's calls to read and write one setting: its value is `member`, or the part `inside` it."""

    read: str
    write: str
    member: str
    inside: str | None
    absent: str | None
    """The error code for a bucket without the setting; None: the answer lacks the member instead."""


_SETTINGS: Final = {
    "versioning": _Calls("get_bucket_versioning", "put_bucket_versioning", "VersioningConfiguration", "Status", None),
    "encryption": _Calls(
        "get_bucket_encryption",
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        None,
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    "public access block": _Calls(
        "get_public_access_block",
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        None,
        "NoSuchPublicAccessBlockConfiguration",
    ),
    "policy": _Calls("get_bucket_policy", "put_bucket_policy", "Policy", None, "NoSuchBucketPolicy"),
    "lifecycle": _Calls(
        "get_bucket_lifecycle_configuration",
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "Rules",
        "NoSuchLifecycleConfiguration",
    ),
    "tags": _Calls("get_bucket_tagging", "put_bucket_tagging", "Tagging", "TagSet", "NoSuchTagSet"),
}


class StateBucket:
    """The bucket `name`. Every method raises `AwsError`, and `ForeignBucketError` for one of another account."""

    def __init__(self, client: Any, name: str, account_id: str) -> None:
        self.what = f"bucket {name}"
        self._client = client
        self._name = name
        self._account_id = account_id
        client.meta.events.register("needs-retry.s3", _again_when_busy)

    @classmethod
    def connect(cls, connection: Connection, name: str, account_id: str) -> Self:
        """The bucket at `connection`. Sends no request yet."""
        with aws_errors("opening S3"):
            return cls(connection.session().client("s3", endpoint_url=connection.endpoint), name, account_id)

    def read(self) -> Facts | None:
        """Its settings by the names in `core.resources.account`; None without the bucket."""
        with aws_errors(f"reading {self.what}"):
            try:
                self._call("head_bucket")
            except ClientError as error:
                if _code(error) == "404":
                    return None
                if _code(error) in ("403", "AccessDenied"):
                    raise ForeignBucketError(self._name, self._account_id) from None
                raise
            return {name: self._setting(calls) for name, calls in _SETTINGS.items()}

    def make(self) -> None:
        """Create it, empty; one that another run of this account created in the meantime is used."""
        region = self._client.meta.region_name
        # The only region that S3 refuses as a constraint.
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with aws_errors(f"creating {self.what}"):
            try:
                self._client.create_bucket(Bucket=self._name, **where)
            except self._client.exceptions.BucketAlreadyOwnedByYou:
                return
            except self._client.exceptions.BucketAlreadyExists:
                raise ForeignBucketError(self._name, self._account_id) from None

    def write(self, changes: Facts) -> None:
        """Apply the changed settings."""
        with aws_errors(f"changing {self.what}"):
            for name, value in changes.items():
                calls = _SETTINGS[name]
                sent = json.dumps(value) if name == "policy" else value
                self._call(calls.write, **{calls.member: {calls.inside: sent} if calls.inside else sent})

    def _setting(self, calls: _Calls) -> Any:
        try:
            told = self._call(calls.read).get(calls.inside or calls.member)
        except ClientError as error:
            if _code(error) == calls.absent:
                return None
            raise
        return _with_a_list(json.loads(told)) if calls.member == "Policy" else told

    def _call(self, operation: str, **members: Any) -> Any:
        return getattr(self._client, operation)(Bucket=self._name, ExpectedBucketOwner=self._account_id, **members)


def _with_a_list(policy: dict[str, Any]) -> dict[str, Any]:
    """A policy of one statement may have it without a list."""
    statements = policy["Statement"]
    return {**policy, "Statement": statements if isinstance(statements, list) else [statements]}


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _again_when_busy(response: Any, attempts: int, **_: Any) -> float | None:
    """S3 refuses one of two changes to a bucket at the same time, and botocore does not retry that automatically.

    Called by botocore after each answer; a number is the seconds to wait before the retry.
    """
    code = response[1].get("Error", {}).get("Code") if response else None
    return PAUSE_SECONDS if code == _BUSY and attempts < _MOST_TRIES else None
