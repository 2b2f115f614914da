"""Fixtures of every folder: the DynamoDB services that tests run against, each started when a test asks for it."""

import os
import warnings
from collections.abc import Iterator

import pytest

from tests.support.dynamodb_local import NoDynamoDbLocalError, serve_dynamodb_local

MOTO = "moto"
LOCAL = pytest.param("DynamoDB Local", marks=pytest.mark.xdist_group("dynamodb-local"))


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """One moto for all tests of a worker; those that need it empty `reset` it first."""
    from tests.support.emulator import serve_moto  # takes longer than the tests that need none

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
    return request.getfixturevalue("moto_endpoint" if request.param == MOTO else "dynamodb_local")
