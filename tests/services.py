"""The DynamoDB services that tests run against: moto, and DynamoDB Local where it can be had."""

import os
import uuid
import warnings
from collections.abc import Iterator

import boto3
import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tests.dynamodb_local import NoDynamoDbLocalError, serve_dynamodb_local
from tests.emulator import serve_moto

MOTO = "moto"
LOCAL = pytest.param("DynamoDB Local", marks=pytest.mark.xdist_group("dynamodb-local"))


@pytest.fixture(scope="session")
def shared_moto() -> Iterator[str]:
    with serve_moto() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """CI has Java and Maven, so there its absence is a failure."""
    try:
        with serve_dynamodb_local() as endpoint:
            yield endpoint
    except NoDynamoDbLocalError as reason:
        if os.environ.get("CI") == "true":
            raise
        warnings.warn(f"NOT TESTED against DynamoDB Local, DynamoDB's limits are unchecked: {reason}", stacklevel=1)
        pytest.skip(f"no DynamoDB Local: {reason}")


@pytest.fixture(params=[MOTO, LOCAL])
def service(request: pytest.FixtureRequest) -> str:
    """The endpoint of each service in turn."""
    return request.getfixturevalue("shared_moto" if request.param == MOTO else "dynamodb_local")


def connect(endpoint: str, *, seconds: float = 10.0) -> DynamoDb:
    """DynamoDB at an endpoint, without a profile or variable of the machine."""
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    return DynamoDb(session, endpoint, seconds=seconds)


def new_table(dynamodb: DynamoDb, partition: str = "S", sort: str | None = "S") -> str:
    """An empty table with a name of its own and keys `pk` and `sk` of these types."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    keys = [("pk", "HASH", partition)] + ([("sk", "RANGE", sort)] if sort else [])
    dynamodb.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind, _ in keys],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": type_} for key, _, type_ in keys],
    )
    return name
