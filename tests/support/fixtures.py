"""Fixtures of every folder: the DynamoDB services that tests run against, each started when a test asks for it."""

import os
import ssl
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from bench.certificates import Authority, make_authority
from tests.support.dynamodb_local import NoDynamoDbLocalError, serve_dynamodb_local
from tests.support.tls import serve_tls, server_context

if TYPE_CHECKING:
    from tests.support.prepared import Prepared

MOTO, LOCAL = "moto", "DynamoDB Local"


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


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that only these tests know; `trusted` is for tests whose clients trust it."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context with a certificate that clients trust, as people make them trust: by `AWS_CA_BUNDLE`."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
    return server_context(authority.server)


@pytest.fixture
def wire(request: pytest.FixtureRequest, service: str) -> Iterator[str]:
    """The service's endpoint, by the parameter `tls` as AWS is: behind TLS."""
    if request.param == "plain":
        yield service
        return
    with serve_tls(service, request.getfixturevalue("trusted")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session", autouse=True)
def engine_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The engine's own files stay out of the user's home, and it gets and keeps no logs: an eighth of every run."""
    home = tmp_path_factory.mktemp("pulumi-home")
    (home / "logs").touch()  # where it would make a folder
    with patch.dict(os.environ, {"PULUMI_HOME": str(home)}), patch("pulumi.log.debug"):
        yield


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Prepared]":
    """The embedded AWS that a worker's tests have one after the other."""
    from tests.support.prepared import prepared_in

    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "prepared-states"
    shared.mkdir(exist_ok=True)
    with prepared_in(tmp_path_factory.mktemp("prepared"), shared) as made:
        yield made
