from collections.abc import Iterator

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tests.emulator import reset, serve_moto, session
from tests.services import dynamodb_local, service, shared_moto  # noqa: F401


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with serve_moto() as endpoint:
        yield endpoint


@pytest.fixture
def dynamodb(moto_endpoint: str) -> DynamoDb:
    """An empty DynamoDB."""
    reset(moto_endpoint)
    return DynamoDb(session(), moto_endpoint)
