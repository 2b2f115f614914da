"""The schema of a live table."""

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.core.tables.description import description_of
from tee_infra.core.tables.live_schema import Schema, read_schema
from tee_infra.errors import UsageError


class NoTableError(UsageError):
    """There is no table of this name."""

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        super().__init__(f"no table {name!r} on {where}")


def live_schema(name: str, connection: Connection) -> Schema:
    """The schema of the table called `name`. Raises `NoTableError`, `AwsError`."""
    with aws_errors(f"reading table {name!r}"):
        client = connection.session().client("dynamodb", endpoint_url=connection.endpoint)
        try:
            description = description_of(name, client.describe_table(TableName=name))
        except client.exceptions.ResourceNotFoundException:
            raise NoTableError(name, connection.endpoint or f"AWS in {client.meta.region_name}") from None
        time_to_live = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return read_schema(description, time_to_live)
