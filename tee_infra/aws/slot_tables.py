"""What AWS says of the tables of a slot: for the conditions of a switch, and for a list of slots."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.pagination import all_pages, member
from tee_infra.core.cutover.same_tables import Observed
from tee_infra.core.tables.description import TableDescription, TableFacts, description_of, read_description

_UNKNOWN: Final = "UnknownOperationException"
_DENIED: Final = "AccessDeniedException"
_SENDING: Final = ("ACTIVE", "ENABLING")
"""States of a Kinesis destination that gets the table's changes."""


class SlotDeniedError(AwsError):
    """This identity must not describe the table of a slot."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"reading table {name}",
            "this role must not describe it",
            next="Name the slot in slots of Pulumi.prod.yaml; a person then runs: tee-infra up prod",
        )


class SlotTableReader:
    """The tables of one account and region. Every method raises `AwsError`, of a table `SlotDeniedError`.

    `endpoint` is an embedded AWS's, which has neither Lambda nor Kinesis.
    """

    def __init__(self, session: Any, endpoint: str | None) -> None:
        self._session = session
        self._endpoint = endpoint
        self._client: Any = session.client("dynamodb", endpoint_url=endpoint)

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The tables at `connection`. Sends no request yet."""
        with aws_errors("opening DynamoDB"):
            return cls(connection.session(), connection.endpoint)

    def names(self) -> list[str]:
        """The names of all tables of the account, current."""
        return all_pages(self._client, "list_tables", "TableNames", "LastEvaluatedTableName")

    def description(self, name: str) -> TableDescription | None:
        """The description of a table; None without it."""
        described = self._describe(name)
        return None if described is None else read_description({"Table": described})

    def facts(self, name: str) -> TableFacts | None:
        """The facts about a table; None without it."""
        found = self.description(name)
        return None if found is None else TableFacts.read(found)

    def observed(self, name: str) -> Observed | None:
        """Everything that a switch compares of a table; None without it."""
        described = self._describe(name)
        if described is None:
            return None
        arn = described["TableArn"]
        with aws_errors(f"reading table {name}"):
            lifetime = self._client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            return Observed(
                described=described,
                ttl_attribute=lifetime.get("AttributeName")
                if lifetime["TimeToLiveStatus"].startswith("ENABL")
                else None,
                destinations=self._destinations(name),
                has_policy=self._has_policy(arn),
                recovery=self._recovery(name),
            )

    def stream_readers(self, stream_arn: str) -> int:
        """How many of Lambda's event source mappings read a stream."""
        if self._endpoint is not None:
            return 0
        with aws_errors("looking for readers of a stream"):
            functions = self._session.client("lambda")
        return len(
            all_pages(
                functions, "list_event_source_mappings", "EventSourceMappings", "NextMarker", EventSourceArn=stream_arn
            )
        )

    def is_writable(self, name: str, key: dict[str, str]) -> bool:
        """Whether this identity's writes are let through. The probe's condition never holds, so it writes nothing."""
        probe = {attribute: {kind: "0" if kind == "N" else "tee-probe"} for attribute, kind in key.items()}
        attribute = next(iter(probe))
        with aws_errors(f"probing {name}"):
            try:
                self._client.update_item(
                    TableName=name,
                    Key=probe,
                    UpdateExpression="SET #probe = :one",
                    ConditionExpression="attribute_exists(#key) AND attribute_not_exists(#key)",
                    ExpressionAttributeNames={"#key": attribute, "#probe": "probe"},
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in (_DENIED, "ResourceNotFoundException"):
                    return False
                if code != "ConditionalCheckFailedException":
                    raise
                return True
        raise AwsError(f"probing {name}", "the reply is not DynamoDB's: a condition that never holds was met")

    def _describe(self, name: str) -> dict[str, Any] | None:
        with aws_errors(f"reading table {name}"):
            try:
                answer = self._client.describe_table(TableName=name)
            except self._client.exceptions.ResourceNotFoundException:
                return None
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == _DENIED:
                    raise SlotDeniedError(name) from None
                raise
        description_of(name, answer)
        return answer["Table"]

    def _destinations(self, name: str) -> frozenset[str]:
        if self._endpoint is not None:
            return frozenset()
        answer = self._client.describe_kinesis_streaming_destination(TableName=name)
        found = member(answer, "KinesisDataStreamDestinations", f"the Kinesis destinations of {name}")
        return frozenset(each["StreamArn"] for each in found if each["DestinationStatus"] in _SENDING)

    def _has_policy(self, arn: str) -> bool:
        with _unless_unknown():
            try:
                self._client.get_resource_policy(ResourceArn=arn)
            except self._client.exceptions.PolicyNotFoundException:
                return False
            return True
        return False

    def _recovery(self, name: str) -> bool:
        found: dict[str, Any] = {}
        with _unless_unknown():
            backups = self._client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
            found = backups.get("PointInTimeRecoveryDescription", {})
        return found.get("PointInTimeRecoveryStatus") == "ENABLED"


@contextmanager
def _unless_unknown() -> Generator[None]:
    """An emulator has not every operation."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _UNKNOWN:
            raise
