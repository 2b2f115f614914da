"""The connection of the data commands to an environment's tables."""

import os
from pathlib import Path

from tee_infra.aws.connection import Connection, aws_errors
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.environments import Environment
from tee_infra.core.target import ENDPOINT_VARIABLE, is_loopback
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.connect import connect


def connect_data(environment: Environment | None, endpoint_url: str | None) -> Connection:
    """The connection for an environment, or for a table of none.

    `endpoint_url` goes before all else, and then a loopback address in this shell's variables: neither can be
    anybody's production. Otherwise an environment is where its settings say: in the account that they name, which the
    credentials are held to, or on the embedded AWS. A table of no environment is where this shell's variables lead.
    Raises `SettingsError`, `NotRunningError`, `NoAccessError`, `WrongAccountError`.
    """
    if endpoint_url is not None or environment is None or is_loopback(os.environ.get(ENDPOINT_VARIABLE)):
        return Connection(endpoint=endpoint_url)
    return connect(find_project(Path.cwd()), environment, use_local=False)


def open_dynamodb(connection: Connection) -> DynamoDb:
    """DynamoDB there. Raises `AwsError`, and `UsageError` without a region."""
    with aws_errors("opening DynamoDB"):
        return DynamoDb(connection.session(), connection.endpoint)
