"""Table definitions: reading one, creating an equal table, and restoring the settings that a native restore loses."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import ClientError

from tee_infra.aws.connection import AwsError, aws_errors
from tee_infra.aws.pagination import member
from tee_infra.core import names
from tee_infra.core.tables.create_request import TableDefinition, creation_request
from tee_infra.core.tables.description import TableDescription, description_of

_POLL_SECONDS: Final = 2.0
# AWS's own estimate for a restore is "up to several hours".
_LONGEST_WAIT_SECONDS: Final = 12 * 3600.0
_LONGEST_BUSY_SECONDS: Final = 300.0
_BUSY: Final = {"ResourceInUseException", "ContinuousBackupsUnavailableException", "LimitExceededException"}


class TableDefinitions:
    """The tables of one account and region, through a botocore DynamoDB client."""

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def definition(self, name: str) -> TableDefinition | None:
        """The table's definition, None when there is none. Raises `AwsError`."""
        with aws_errors(f"reading the definition of {name}"):
            try:
                table = self._describe(name)
            except self._client.exceptions.ResourceNotFoundException:
                return None
            lifetime = self._client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            tags = self._tags(table.table_arn)
            return TableDefinition(
                request=creation_request(table),
                ttl_attribute=lifetime.get("AttributeName")
                if lifetime["TimeToLiveStatus"].startswith("ENABL")
                else None,
                recovery_days=self._recovery_days(name),
                deletion_protection=table.deletion_protection_enabled,
                restoring=tags.pop(names.RESTORING_TAG, None),
                tags=tags,
            )

    def is_empty(self, name: str) -> bool:
        """Whether the table has no item now; its statistics are some hours old."""
        with aws_errors(f"looking for items in {name}"):
            answer = self._client.scan(TableName=name, Limit=1, ConsistentRead=True)
        what = f"looking for items in {name}"
        found = member(answer, "Items", what)
        if answer.get("Count") != len(found) or answer.get("LastEvaluatedKey", found) == {}:
            raise AwsError(what, "the reply is not DynamoDB's: its Count or LastEvaluatedKey does not fit its Items")
        # A page may be empty although more follow.
        return not found and "LastEvaluatedKey" not in answer

    def create(self, name: str, definition: TableDefinition, restoring: str) -> None:
        """Create an empty table by `definition.request`, marked as being restored, and wait until it is active."""
        mark = [{"Key": names.RESTORING_TAG, "Value": restoring}]
        with aws_errors(f"creating {name}"):
            self._client.create_table(TableName=name, Tags=mark, **definition.request)
        self.wait_until_active(name)

    def mark_restoring(self, name: str, restoring: str) -> None:
        """Mark the table as being restored: items found in it later are this restore's own."""
        with aws_errors(f"tagging {name}"), _unless_unknown():
            self._client.tag_resource(
                ResourceArn=self._arn(name), Tags=[{"Key": names.RESTORING_TAG, "Value": restoring}]
            )

    def mark_restored(self, name: str) -> None:
        """Remove the mark."""
        with aws_errors(f"tagging {name}"), _unless_unknown():
            self._client.untag_resource(ResourceArn=self._arn(name), TagKeys=[names.RESTORING_TAG])

    def wait_until_active(self, name: str) -> None:
        """Wait for the table and its indexes. Raises `AwsError` after 12 hours."""
        waited = 0.0
        while waited < _LONGEST_WAIT_SECONDS:
            with aws_errors(f"waiting for {name}"):
                table = self._describe(name)
            if table.active:
                return
            self._sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
        raise AwsError(f"waiting for {name}", f"not active after {_LONGEST_WAIT_SECONDS / 3600:.0f} hours")

    def reapply(self, name: str, definition: TableDefinition, policy: Callable[[str], str] | None = None) -> list[str]:
        """Give the table the stream, TTL, point-in-time recovery, tags and deletion protection of `definition`.

        `policy` makes the resource policy for a table's ARN; it is the program's, never one that was read. Settings
        that the table already has are not changed. Returns the changes, deletion protection last.
        """
        now = self.definition(name)
        assert now is not None, name  # noqa: S101 - the caller has just waited for it
        done: list[str] = []
        if definition.stream and now.stream != definition.stream:
            self._change(name, "stream", done, "update_table", StreamSpecification=definition.stream)
        if definition.ttl_attribute and now.ttl_attribute != definition.ttl_attribute:
            lifetime = {"Enabled": True, "AttributeName": definition.ttl_attribute}
            self._change(name, "TTL", done, "update_time_to_live", TimeToLiveSpecification=lifetime)
        if definition.recovery_days and now.recovery_days != definition.recovery_days:
            recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": definition.recovery_days}
            self._change(name, "PITR", done, "update_continuous_backups", PointInTimeRecoverySpecification=recovery)
        if missing := {key: value for key, value in definition.tags.items() if now.tags.get(key) != value}:
            self._tag(name, missing)
            done.append("tags")
        if policy is not None:
            self._put_policy(name, policy(self._arn(name)))
            done.append("resource policy")
        if definition.deletion_protection and not now.deletion_protection:
            self._change(name, "deletion protection", done, "update_table", DeletionProtectionEnabled=True)
        return done

    def _change(self, name: str, what: str, done: list[str], operation: str, **arguments: Any) -> None:
        """Make one change as soon as the table allows: it accepts one at a time, and few in a row."""
        waited = 0.0
        with aws_errors(f"{what} of {name}"):
            while True:
                try:
                    getattr(self._client, operation)(TableName=name, **arguments)
                    break
                except ClientError as error:
                    if error.response.get("Error", {}).get("Code") not in _BUSY or waited >= _LONGEST_BUSY_SECONDS:
                        raise
                self._sleep(_POLL_SECONDS)
                waited += _POLL_SECONDS
        self.wait_until_active(name)
        done.append(what)

    def _put_policy(self, name: str, policy: str) -> None:
        with aws_errors(f"resource policy of {name}"), _unless_unknown():
            self._client.put_resource_policy(ResourceArn=self._arn(name), Policy=policy)

    def _tag(self, name: str, tags: dict[str, str]) -> None:
        with aws_errors(f"tagging {name}"):
            pairs = [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
            self._client.tag_resource(ResourceArn=self._arn(name), Tags=pairs)

    def _tags(self, arn: str) -> dict[str, str]:
        tags: dict[str, str] = {}
        with _unless_unknown():
            for page in self._client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn):
                tags |= {tag["Key"]: tag["Value"] for tag in member(page, "Tags", f"the tags of {arn}")}
        return {key: value for key, value in tags.items() if not key.startswith("aws:")}  # only AWS may set those

    def _recovery_days(self, name: str) -> int | None:
        found: dict[str, Any] = {}
        with _unless_unknown():
            backups = self._client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
            found = backups.get("PointInTimeRecoveryDescription", {})
        return found.get("RecoveryPeriodInDays", 35) if found.get("PointInTimeRecoveryStatus") == "ENABLED" else None

    def _arn(self, name: str) -> str:
        return self._describe(name).table_arn

    def _describe(self, name: str) -> TableDescription:
        return description_of(name, self._client.describe_table(TableName=name))


@contextmanager
def _unless_unknown() -> Generator[None]:
    """DynamoDB Local has no tags and no point-in-time recovery."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "UnknownOperationException":
            raise
