"""What an app and a shell get for the embedded AWS wins over whatever AWS set-up they had: asked of boto3 itself."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.utils import get_environ_proxies

from tee_infra import local
from tee_infra.core.aws_variables import foreign_variables
from tee_infra.core.environments import parse_environment
from tee_infra.engine import Engine
from tee_infra.workflows.session.app_variables import app_environment, exported_environment
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.embedded_aws import environment_of
from tests.support.stand_in import checkout_at

ENDPOINT = "http://127.0.0.1:4580"
DEV, PROD = parse_environment("dev"), parse_environment("prod")
SHELL = {
    "AWS_PROFILE": "production",
    "AWS_DEFAULT_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
    "AWS_ACCOUNT_ID": "111122223333",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-west-1.amazonaws.com",
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_DEFAULTS_MODE": "auto",
    "HTTP_PROXY": "http://127.0.0.1:2",
    "http_proxy": "http://127.0.0.1:2",
    "NO_PROXY": "example.com",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    checkout_at(tmp_path, ENDPOINT, prod="111122223333")
    return Project(directory=tmp_path)


def require_embedded(environ: Mapping[str, str]) -> None:
    with patch.dict(os.environ, dict(environ), clear=True):
        client: Any = boto3.Session().client("dynamodb", region_name="us-east-1")
        keys = client._get_credentials()
        assert client.meta.endpoint_url == ENDPOINT
        assert (keys.access_key, keys.secret_key, keys.token or None) == ("testing", "testing", None)
        assert not get_environ_proxies(client.meta.endpoint_url)
        assert "example.com" in os.environ["NO_PROXY"]


def test_a_file_of_variables_overrides_what_it_cannot_unset(project: Project) -> None:
    with patch.dict(os.environ, SHELL):
        exported = exported_environment(project, DEV)
    require_embedded(SHELL | exported)
    assert exported.items() >= app_environment(project, DEV).items()


def test_a_shell_unsets_and_overrides(project: Project) -> None:
    engine = Engine(command=Path("/engine/pulumi"), version="3.0.0", language_host=None, source="path")
    with patch.dict(os.environ, SHELL):
        running = local.status(project.embedded_directory)
        assert running is not None
        exports = environment_of(project, engine, running)
        unset = foreign_variables(os.environ, exports)
    require_embedded({name: value for name, value in SHELL.items() if name not in unset} | exports)


def test_an_account_gets_names_only(project: Project) -> None:
    assert not [
        name for name in exported_environment(project, PROD) if name.startswith("AWS_") and name != "AWS_REGION"
    ]
    assert exported_environment(project, PROD, use_local=True)["AWS_ENDPOINT_URL"] == ENDPOINT
