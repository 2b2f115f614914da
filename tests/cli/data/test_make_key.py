from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from tee_infra.aws.connection import Connection
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.cli.data.make_key import make_key_command
from tee_infra.core.environments import parse_environment
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.data.anonymize_key import stored_key
from tee_infra.workflows.data.make_key import KeyExistsError
from tests.support.commands import json_of
from tests.support.emulator import session

Run = Callable[..., Result]
NAME = "/tee/prod/anonymize-key"


def parameter(endpoint: str) -> dict[str, Any]:
    client = session().client("ssm", endpoint_url=endpoint)
    return client.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]


def test_a_key_is_made_once_and_never_printed(dynamodb: DynamoDb, run: Run) -> None:
    printed = run(make_key_command, "prod").output
    made = parameter(dynamodb.endpoint)
    assert f"{NAME}: created the key, version 1" in printed
    assert made["Type"] == "SecureString"
    assert made["Value"] not in printed
    connection = Connection(region="us-east-1", endpoint=dynamodb.endpoint, access_key="testing", secret_key="testing")
    assert len(stored_key(parse_environment("prod"), connection)) == 32
    with pytest.raises(KeyExistsError, match="another pseudonym") as refused:
        run(make_key_command, "prod")
    assert refused.value.exit_code == 3
    assert parameter(dynamodb.endpoint)["Value"] == made["Value"]


def test_it_is_replaced_when_the_name_is_typed(dynamodb: DynamoDb, run: Run) -> None:
    run(make_key_command, "prod")
    before = parameter(dynamodb.endpoint)["Value"]
    with pytest.raises(RefusedError, match="is not 'prod'"):
        run(make_key_command, "prod", "--replace", typed="yes\n")
    assert parameter(dynamodb.endpoint)["Value"] == before
    assert "Targets that were filled" in run(make_key_command, "prod", "--replace", typed="prod\n").output
    assert parameter(dynamodb.endpoint)["Value"] != before
    facts = json_of(run, make_key_command, "prod", "--replace", "--yes", "--json")
    assert (facts["parameter"], facts["replaced"], facts["version"]) == (NAME, True, 3)


def test_a_feature_environment_has_no_key(run: Run) -> None:
    with pytest.raises(UsageError, match="feature environments have no anonymization key"):
        run(make_key_command, "feature-x")
