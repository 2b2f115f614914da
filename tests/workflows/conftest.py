from pathlib import Path

import pytest

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.workflows.features.context import FeatureContext
from tests.support.emulator import reset, session
from tests.support.homes import moto_context


@pytest.fixture
def dynamodb(moto_endpoint: str) -> DynamoDb:
    """An empty DynamoDB."""
    reset(moto_endpoint)
    return DynamoDb(session(), moto_endpoint)


@pytest.fixture
def said() -> list[str]:
    """What `context` has reported."""
    return []


@pytest.fixture
def context(moto_endpoint: str, tmp_path: Path, said: list[str]) -> FeatureContext:
    """A home on an empty AWS, but for the control table."""
    reset(moto_endpoint)
    return moto_context(moto_endpoint, tmp_path, said)
