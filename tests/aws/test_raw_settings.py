"""The raw transport sends each request where botocore's client sends it, for every setting in docs/transports.md."""

import os
import re
import ssl
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session, get_cert_path

from bench.certificates import Authority
from tee_infra.aws.connection import AwsError
from tee_infra.aws.connection import Connection as AwsConnection
from tee_infra.aws.dynamodb import DynamoDb, DynamoDbError, open_dynamodb
from tee_infra.aws.dynamodb_botocore import BotocoreTransport
from tee_infra.aws.dynamodb_raw import RawTransport
from tee_infra.aws.http_connection import Connection
from tee_infra.errors import UsageError

PAGE = (Path(__file__).parents[2] / "docs" / "transports.md").read_text()
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ")][1:]
CASES = [(example, row[2].strip()) for row in ROWS for example in re.findall(r"`([^`]+)`", row[1])]
OPERATIONS = ("Scan", "BatchWriteItem", "PutItem", "BatchGetItem")
IN_A_PROFILE = re.compile(r"[a-z_]+ =")


class Sent(NamedTuple):
    """What decides about a request: its destination and identity, the connection's trust, patience and options."""

    url: tuple[str, str | None, int, str]
    headers: dict[str, str]
    trusted: frozenset[bytes]
    seconds: tuple[float, float]
    options: tuple[tuple[int, int, int], ...]


@pytest.fixture
def shell(example: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The AWS settings of an example, and no others."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy") or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.chdir(authority.bundle.parent)
    variables = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PROFILE": "work",
    }
    if "aws_access_key_id" not in example:
        variables |= {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    profile = ""
    if IN_A_PROFILE.match(example):
        profile = example.replace(";", "\n").replace("\n ", "\n")
    else:
        variables |= dict(pair.split("=", 1) for pair in filter(None, example.split(", ")))
    (tmp_path / "config").write_text(f"[profile work]\nregion = eu-west-1\n{profile}\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(("example", "by"), CASES)
def test_requests_go_where_botocore_sends_them(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb = DynamoDb(boto3.Session())
    transport = dynamodb.transport()
    if by == "botocore":
        assert isinstance(transport, BotocoreTransport)
        with pytest.raises(UsageError, match=r"--transport raw: it cannot do .*Leave out --transport"):
            dynamodb.transport("raw")
        return
    assert isinstance(transport, RawTransport)
    theirs = dynamodb.transport("botocore")
    assert isinstance(theirs, BotocoreTransport)
    for operation in OPERATIONS:
        assert by_raw(transport, operation, monkeypatch) == by_botocore(theirs, operation, monkeypatch)


def test_every_setting_of_botocore_is_in_the_table() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([a-z0-9_]+)`", row[0])}
    s3 = {"s3"}  # added by the resolver of clients, like `proxies_config`, which matters only with a proxy
    assert set(BOTOCORE_DEFAUT_SESSION_VARIABLES) - s3 - named == set()


def by_raw(transport: RawTransport, operation: str, monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent: list[Sent] = []

    def send(connection: Any, head: bytes, _body: bytes) -> None:
        address = connection._address
        first, *lines = head.decode().split("\r\n")[:-2]
        scheme = "https" if address.tls else "http"
        url = (scheme, address.host, address.port, first.split(" ")[1])
        headers = dict(line.split(":", 1) for line in lines)
        trusted = frozenset(address.tls.context.get_ca_certs(binary_form=True)) if address.tls else frozenset()
        sent.append(Sent(url, identity(headers), trusted, address.seconds, tuple(address.options)))
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "send", send)
        transport.lane(1).send(operation, b"{}")
    return sent[0]


def by_botocore(transport: BotocoreTransport, operation: str, monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent: list[Sent] = []

    def send(session: Any, request: Any) -> None:
        parts = urlsplit(request.url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
        headers["Host"] = parts.netloc
        trusted: frozenset[bytes] = frozenset()
        if parts.scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(get_cert_path(session._verify))
            trusted = frozenset(context.get_ca_certs(binary_form=True))
        assert session._proxy_config.proxy_url_for(request.url) is None
        seconds = (session._timeout.connect_timeout, session._timeout.read_timeout)
        url = (parts.scheme, parts.hostname, port, parts.path or "/")
        sent.append(Sent(url, identity(headers), trusted, seconds, tuple(session._socket_options)))
        raise HTTPClientError(error="taken")

    with monkeypatch.context() as patch:
        patch.setattr(URLLib3Session, "send", send)
        transport.call(operation, b"{}")
    return sent[0]


def identity(headers: dict[str, str]) -> dict[str, str]:
    """The headers that say who asks whom; the user agent without what botocore notes about one request."""
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: lower[name] for name in ("host", "x-amz-target", "x-amz-security-token") if name in lower}
    scope = re.sub(r"/\d{8}/", "/DAY/", lower["authorization"].partition(", Signature=")[0])
    return kept | {"authorization": scope, "user-agent": re.sub(r" m/\S+", "", lower["user-agent"])}


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("AWS_CA_BUNDLE=none.pem", "none.pem: no certificates: No such file"),
        ("ca_bundle = none.pem", "none.pem: no certificates: No such file"),
        ("AWS_CA_BUNDLE=.", r"\.: no certificates"),
        ("AWS_CA_BUNDLE=/dev/null", "/dev/null: no certificates"),
    ],
)
def test_certificates_that_cannot_be_read_are_named(said: str) -> None:
    with pytest.raises(UsageError, match=f"{said}.*Nothing was sent.*Set AWS_CA_BUNDLE"):
        DynamoDb(boto3.Session()).transport()


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("example", ["AWS_CA_BUNDLE=", "AWS_CA_BUNDLE= ", "ca_bundle = ", "REQUESTS_CA_BUNDLE="])
def test_an_empty_bundle_does_not_turn_verification_off() -> None:
    with pytest.raises(AwsError, match="Invalid CA bundle"):
        open_dynamodb(AwsConnection())


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("name", [None, "raw", "botocore"])
@pytest.mark.parametrize("example", [""])
def test_an_unverified_client_is_refused(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb = DynamoDb(boto3.Session())
    create = botocore.session.Session.create_client
    monkeypatch.setattr(
        botocore.session.Session, "create_client", lambda *given, **named: create(*given, **(named | {"verify": False}))
    )
    with pytest.raises(UsageError, match=r"certificates are not verified\. Nothing was sent"):
        dynamodb.transport(name)


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("example", [""])
@pytest.mark.parametrize("name", [None, "raw", "botocore"])
def test_no_credentials(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(DynamoDbError, match="no AWS credentials"):
        DynamoDb(boto3.Session()).transport(name)
