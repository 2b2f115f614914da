"""DynamoDB as the data engine uses it: facts about tables, and a transport that is ready to use.

Credentials (their refresh, session tokens, profiles), regions and endpoints come from botocore for every
transport.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.credentials import SessionKeys
from tee_infra.aws.deadline import within
from tee_infra.aws.dynamodb_botocore import BotocoreTransport
from tee_infra.aws.dynamodb_raw import RawTransport
from tee_infra.aws.http_connection import DEADLINE
from tee_infra.aws.pagination import member, refuse_null_tokens
from tee_infra.aws.raw_settings import check_verified, read_settings
from tee_infra.aws.stream_watch import WATCH_CONFIG, StreamWatch
from tee_infra.aws.streams import STREAM_CONFIG, StreamOffError, TableStream
from tee_infra.core.data.table_identity import TableIdentity
from tee_infra.core.tables.description import TableFacts, description_of
from tee_infra.core.target import is_aws
from tee_infra.errors import UsageError

TransportName: TypeAlias = Literal["raw", "botocore"]
REPLY_SECONDS = 16.0
"""The longest wait for a byte of a reply. A whole reply has `DEADLINE` times as long."""


class DynamoDbError(AwsError):
    """DynamoDB refused a request or did not answer; `what` is the operation."""

    code: ClassVar[str] = "dynamodb"


class NoTableError(UsageError):
    """There is no table called `name` at `endpoint`."""

    def __init__(self, name: str, endpoint: str) -> None:
        self.name = name
        super().__init__(f"no table {name!r} at {endpoint}")


class DynamoDb:
    """One account's DynamoDB in one region, by a boto3 session and optionally an endpoint."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None, *, seconds: float = REPLY_SECONDS) -> None:
        self._session = session
        self._seconds = seconds
        self._config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=64,
            connect_timeout=seconds,
            read_timeout=seconds,
        )
        self._override = endpoint
        self.client: Any = self._make_client()

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        return str(self.client.meta.endpoint_url)

    def table(self, name: str) -> TableFacts:
        """The facts about a table. Raises `NoTableError`, `DynamoDbError`."""
        facts = TableFacts.read(description_of(name, self._describe(name)))
        return replace(facts, ttl_attribute=self._ttl_attribute(name))

    def described(self, name: str) -> dict[str, Any]:
        """The `Table` of DescribeTable. Raises `NoTableError`, `DynamoDbError`, `UnexpectedDescriptionError`."""
        answer = self._describe(name)
        description_of(name, answer)
        return answer["Table"]

    def _describe(self, name: str) -> dict[str, Any]:
        what = f"reading table {name!r} at {self.endpoint}"
        with aws_errors(what, DynamoDbError):
            try:
                return within(DEADLINE * self._seconds, lambda: self.client.describe_table(TableName=name))
            except ClientError as error:  # by its code: threads that fail first at once have classes of their own
                if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                    raise
                raise NoTableError(name, self.endpoint) from None

    def update_table(self, request: Mapping[str, Any]) -> bool:
        """UpdateTable. Whether AWS took it: not while another one of the table is under way. Raises `DynamoDbError`."""
        what = f"changing table {request['TableName']!r} at {self.endpoint}"
        with aws_errors(what, DynamoDbError):
            try:
                within(DEADLINE * self._seconds, lambda: self.client.update_table(**request))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ResourceInUseException":
                    raise
                return False
        return True

    def _ttl_attribute(self, name: str) -> str | None:
        """None also where it may not be read: then an expired item counts as missing, which hides nothing."""
        what = f"reading the TTL of table {name!r} at {self.endpoint}"
        with aws_errors(what, DynamoDbError):
            try:
                answer = within(DEADLINE * self._seconds, lambda: self.client.describe_time_to_live(TableName=name))
            except ClientError:
                return None
        found = answer.get("TimeToLiveDescription", {})
        return found.get("AttributeName") if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None

    def identity(self, table: TableFacts) -> TableIdentity:
        """What the table is, with its tags. An emulator without tags has none.

        Raises `DynamoDbError` also where the tags cannot be read: they could say that the table is production.
        """
        tags: dict[str, str] = {}
        what = f"reading the tags of {table.name}, which may say that it is production"
        with aws_errors(what, DynamoDbError):
            try:
                refuse_null_tokens(self.client)
                pages = self.client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table.arn)
                for page in pages if table.arn else ():
                    tags |= {tag["Key"]: tag["Value"] for tag in member(page, "Tags", what)}
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "UnknownOperationException":
                    raise
        return TableIdentity(
            name=table.name,
            arn=table.arn,
            id=table.id,
            endpoint=self.endpoint,
            restored_from=table.restored_from,
            tags=tags,
        )

    def watch(self, table: TableFacts) -> StreamWatch | None:
        """A watch of the table's changes, not open yet; None if it has no stream."""
        if not table.stream_arn:
            return None
        return StreamWatch(self._streams(WATCH_CONFIG), table.stream_arn)

    def stream(self, table: TableFacts) -> TableStream:
        """The table's stream, to be followed. Raises `StreamOffError` if it has none."""
        if not table.stream_arn:
            raise StreamOffError(table.name, "off")
        return TableStream(self._streams(STREAM_CONFIG), table.stream_arn, table.name, table.key_names)

    def _streams(self, config: Config) -> Any:
        # AWS's streams have hosts of their own; an emulator answers for both at one address.
        endpoint = None if is_aws("dynamodb", self.endpoint) else self.endpoint
        return self._session.client(
            "dynamodbstreams",
            endpoint_url=endpoint,
            region_name=self.client.meta.region_name,
            config=self.client.meta.config.merge(config),
        )

    def transport(self, name: TransportName | None = None) -> RawTransport | BotocoreTransport:
        """The transport called `name`; None takes the raw one, or botocore's where only botocore can do the requests.

        Raises `DynamoDbError` without credentials, and `UsageError` for settings that `raw` would ignore.
        """
        client = self._make_client()
        check_verified(client)
        keys = self._credentials()
        if name != "botocore":
            with aws_errors(self.endpoint, DynamoDbError):
                settings = read_settings(client, keys)
            if not isinstance(settings, str):
                return RawTransport(settings)
            if name == "raw":
                raise UsageError(
                    f"--transport raw: it cannot do {settings}, which this shell's AWS settings ask for",
                    next="Leave out --transport, or use --transport botocore",
                )
        return BotocoreTransport(client, keys, self._seconds)

    def _make_client(self) -> Any:
        return self._session.client("dynamodb", endpoint_url=self._override, config=self._config)

    def _credentials(self) -> SessionKeys:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise DynamoDbError(self.endpoint, "no AWS credentials", next="Log in and set AWS_PROFILE")
        return SessionKeys(credentials)


def open_dynamodb(connection: Connection) -> DynamoDb:
    """DynamoDB where `connection` leads. Raises `AwsError`, and `UsageError` without a region."""
    with aws_errors("opening DynamoDB"):
        return DynamoDb(connection.session(), connection.endpoint)
