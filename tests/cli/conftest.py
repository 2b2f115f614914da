from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from tee_infra.aws.dynamodb import DynamoDb
from tests.support.commands import invoke
from tests.support.emulator import reset, session
from tests.support.stand_in import checkout_at


@pytest.fixture
def dynamodb(moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DynamoDb:
    """An empty DynamoDB, which is the embedded AWS of the checkout here, and to which this shell's variables lead."""
    reset(moto_endpoint)
    checkout_at(tmp_path, moto_endpoint)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return DynamoDb(session(), moto_endpoint)


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command; errors are raised, as the root command sees them."""

    def run_it(command: click.Command, *arguments: str, typed: str | None = None) -> Result:
        return invoke(command, *arguments, typed=typed)

    return run_it
