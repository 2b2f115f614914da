from pathlib import Path

import pytest

from tee_infra.aws.connection import Connection
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.codec.pseudonyms import WeakKeyError, derive_key
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.data.anonymize_key import NoKeyError, read_key
from tests.support.emulator import session

PROD = parse_environment("prod")
SECRET = "an example key that is long enough"


@pytest.fixture
def connection(dynamodb: DynamoDb, moto_endpoint: str) -> Connection:
    return Connection(region="us-east-1", endpoint=moto_endpoint, access_key="testing", secret_key="testing")


def test_the_key_is_in_a_file_else_in_the_shell_else_in_the_sources_parameter(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.raises(NoKeyError, match=r"no SSM parameter /tee/prod/anonymize-key.*: tee-infra data make-key prod"):
        read_key(PROD, None, {}, connection)
    ssm = session().client("ssm", endpoint_url=connection.endpoint)
    ssm.put_parameter(Name="/tee/prod/anonymize-key", Type="SecureString", Value=SECRET)
    (tmp_path / "key").write_text(f"{SECRET} of a file\n")
    shell = {"TEE_ANONYMIZE_KEY": f"{SECRET} of a shell"}
    assert read_key(PROD, tmp_path / "key", shell, connection) == derive_key(f"{SECRET} of a file")
    assert read_key(PROD, None, shell, connection) == derive_key(f"{SECRET} of a shell")
    assert read_key(PROD, None, {}, connection) == derive_key(SECRET)


def test_a_table_of_no_environment_has_no_key(connection: Connection) -> None:
    with pytest.raises(NoKeyError, match="Give a key with --key-file FILE or TEE_ANONYMIZE_KEY"):
        read_key(None, None, {}, connection)


def test_a_key_that_can_be_guessed_is_refused(connection: Connection) -> None:
    with pytest.raises(WeakKeyError):
        read_key(PROD, None, {"TEE_ANONYMIZE_KEY": "hunter2"}, connection)
