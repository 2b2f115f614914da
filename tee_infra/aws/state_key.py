"""The KMS key of the state: found by its alias, created once."""

from typing import Any, Final, Self

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.core import names
from tee_infra.core.resources.account import TAGS, Facts

_SHORTEST_WAIT_DAYS: Final = 7
"""KMS deletes no key sooner."""


class StateKey:
    """The key behind `names.STATE_KEY_ALIAS`. Every method raises `AwsError`."""

    what = f"key {names.STATE_KEY_ALIAS}"

    def __init__(self, kms: Any, tagging: Any) -> None:
        self._kms = kms
        self._tagging = tagging
        self.arn: str | None = None
        """Known once `read` has found it."""

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The key at `connection`. Sends no request yet."""
        session = connection.session()
        with aws_errors("opening KMS"):
            return cls(
                session.client("kms", endpoint_url=connection.endpoint),
                session.client("resourcegroupstaggingapi", endpoint_url=connection.endpoint),
            )

    def read(self) -> Facts | None:
        """`state`, `rotation` and `tags`; None without the alias."""
        with aws_errors(f"reading {self.what}"):
            try:
                key = self._kms.describe_key(KeyId=names.STATE_KEY_ALIAS)["KeyMetadata"]
            except self._kms.exceptions.NotFoundException:
                return None
            self.arn = key["Arn"]
            if key["KeyState"] != "Enabled":
                return {"state": key["KeyState"]}  # KMS returns nothing else for such a key
            return {
                "state": key["KeyState"],
                "rotation": self._kms.get_key_rotation_status(KeyId=self.arn)["KeyRotationEnabled"],
                "tags": self._kms.list_resource_tags(KeyId=self.arn)["Tags"],
            }

    def make(self) -> None:
        """Set the alias on a key: one that a killed run left without it, or a new one.

        If another run was faster, its key is used, and a key created here is deleted: nothing was ever encrypted with
        it.
        """
        with aws_errors(f"creating {self.what}"):
            left = self._without_alias()
            key_id = left or self._create()
            try:
                self._kms.create_alias(AliasName=names.STATE_KEY_ALIAS, TargetKeyId=key_id)
            except self._kms.exceptions.AlreadyExistsException:
                theirs = self._kms.describe_key(KeyId=names.STATE_KEY_ALIAS)["KeyMetadata"]["KeyId"]
                if left is None and theirs != key_id:
                    self._kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=_SHORTEST_WAIT_DAYS)

    def write(self, changes: Facts) -> None:
        """Apply the changed settings."""
        with aws_errors(f"changing {self.what}"):
            if "rotation" in changes:
                self._kms.enable_key_rotation(KeyId=self.arn)
            if "tags" in changes:
                self._kms.tag_resource(KeyId=self.arn, Tags=changes["tags"])

    def _create(self) -> str:
        tags = [{"TagKey": key, "TagValue": value} for key, value in TAGS.items()]
        made = self._kms.create_key(Description="State of tee-infra's stacks, and the secrets in it", Tags=tags)
        return made["KeyMetadata"]["KeyId"]

    def _without_alias(self) -> str | None:
        """A key that was created for this, by its tags, and has no alias."""
        filters = [{"Key": key, "Values": [value]} for key, value in TAGS.items()]
        pages = self._tagging.get_paginator("get_resources").paginate(TagFilters=filters, ResourceTypeFilters=["kms"])
        for found in sorted(entry["ResourceARN"] for page in pages for entry in page["ResourceTagMappingList"]):
            key = self._kms.describe_key(KeyId=found)["KeyMetadata"]
            if key["KeyState"] == "Enabled":
                return key["KeyId"]
        return None
