"""A connection to the embedded AWS has nothing of the shell's AWS settings, and takes no proxy."""

from pathlib import Path
from typing import Any

import pytest

from tee_infra.aws.connection import AwsError, Connection, aws_errors
from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.aws.dynamodb_raw import RawTransport

ENDPOINT = "http://127.0.0.1:9"
SHELL = {
    "AWS_PROFILE": "nobody",
    "AWS_DEFAULT_PROFILE": "nobody",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
    "AWS_ACCOUNT_ID": "111122223333",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/nowhere",
    "AWS_DEFAULTS_MODE": "no-mode",
    "AWS_RETRY_MODE": "no-mode",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "no-mode",
    "HTTP_PROXY": "http://127.0.0.1:2",
    "http_proxy": "http://127.0.0.1:2",
    "ALL_PROXY": "http://127.0.0.1:2",
}


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)
    broken = tmp_path / "broken"
    broken.write_text("[default\n")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(broken))
    return Connection(region="eu-west-1", endpoint=ENDPOINT, access_key="key", secret_key="secret")


@pytest.mark.parametrize("service", ["dynamodb", "s3", "sts", "kms", "iam", "ssm", "resourcegroupstaggingapi"])
def test_every_client_goes_there_with_fake_keys_and_without_a_proxy(connection: Connection, service: str) -> None:
    client: Any = connection.session().client(service, endpoint_url=connection.endpoint)  # pyright: ignore
    keys = client._get_credentials()
    assert client.meta.endpoint_url == ENDPOINT
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.config.proxies == {}
    assert (keys.access_key, keys.secret_key, keys.token) == ("key", "secret", None)


def test_the_raw_transport_is_chosen_in_spite_of_a_proxy(connection: Connection) -> None:
    assert isinstance(open_dynamodb(connection).transport(), RawTransport)


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-1"}, "eu-north-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        ({}, None),
    ],
)
def test_the_shells_region_is_found_as_other_sdks_find_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str | None
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items() | {("AWS_CONFIG_FILE", "/dev/null")}:
        monkeypatch.setenv(name, value)
    assert Connection().session().region_name == region


@pytest.mark.parametrize("url", ["file", "http://[::1", "http://a b"])
def test_a_setting_that_botocore_cannot_use_is_one_line(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in (("AWS_ENDPOINT_URL", url), ("AWS_REGION", "eu-west-1"), ("AWS_CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(name, value)
    with (
        pytest.raises(AwsError, match=r"^reading: botocore cannot use the AWS settings of this shell \("),
        aws_errors("reading"),
    ):
        Connection().session().client("dynamodb")


def test_a_mistake_of_this_program_is_none_of_the_shell() -> None:
    with pytest.raises(ValueError, match="ours"), aws_errors("reading"):
        raise ValueError("ours")
