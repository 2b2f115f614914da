"""How the data commands reach an environment's tables."""

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.environments import Environment


def connect_data(environment: Environment | None, endpoint_url: str | None) -> Connection:  # noqa: ARG001
    """The connection for an environment, or for tables of none: what this shell's AWS variables say."""
    return Connection(endpoint=endpoint_url)


def open_dynamodb(connection: Connection) -> DynamoDb:
    """DynamoDB there. Raises `AwsError`, and `UsageError` without a region."""
    with aws_errors("opening DynamoDB"):
        return DynamoDb(connection.session(), connection.endpoint)
