"""The control table as a table: its existence and its settings."""

import time
from collections.abc import Callable
from typing import Any, Final, Self

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core import names
from tee_infra.core.resources.account import TAGS, Facts
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.core.tables.description import description_of

_RECOVERY_DAYS: Final = 35
"""The longest that DynamoDB offers; it costs the same."""


class ControlBase:
    """The table `names.CONTROL_TABLE`. Every method raises `AwsError`."""

    what = f"table {names.CONTROL_TABLE}"

    def __init__(self, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._definitions = TableDefinitions(client, sleep)

    @classmethod
    def connect(cls, connection: Connection) -> Self:
        """The table at `connection`. Sends no request yet."""
        with aws_errors("opening DynamoDB"):
            return cls(connection.session().client("dynamodb", endpoint_url=connection.endpoint))

    def exists(self) -> bool:
        """Whether it exists or is being created: one request."""
        with aws_errors(f"looking for {self.what}"):
            try:
                described = self._client.describe_table(TableName=names.CONTROL_TABLE)
            except self._client.exceptions.ResourceNotFoundException:
                return False
        description_of(names.CONTROL_TABLE, described)
        return True

    def read(self) -> Facts | None:
        """Its settings by the names in `core.resources.account`, once it is active; None without the table."""
        if not self.exists():
            return None
        self._definitions.wait_until_active(names.CONTROL_TABLE)
        found = self._definitions.definition(names.CONTROL_TABLE)
        if found is None:
            return None
        return {
            "keys": found.keys,
            "deletion protection": found.deletion_protection,
            "point-in-time recovery": found.recovery_days is not None,
            "tags": [{"Key": key, "Value": value} for key, value in found.tags.items()],
        }

    def make(self) -> None:
        """Create it with deletion protection; one that another run creates in the meantime is used."""
        with aws_errors(f"creating {self.what}"):
            try:
                self._client.create_table(
                    TableName=names.CONTROL_TABLE,
                    BillingMode="PAY_PER_REQUEST",
                    KeySchema=[
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"},
                    ],
                    AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                    DeletionProtectionEnabled=True,
                    Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
                )
            except self._client.exceptions.ResourceInUseException:
                return

    def write(self, changes: Facts) -> None:
        """Apply `changes`, waiting for the table between two of them."""
        wanted = TableDefinition(
            request={},
            deletion_protection="deletion protection" in changes,
            recovery_days=_RECOVERY_DAYS if "point-in-time recovery" in changes else None,
            tags={tag["Key"]: tag["Value"] for tag in changes.get("tags", ())},
        )
        self._definitions.reapply(names.CONTROL_TABLE, wanted)
