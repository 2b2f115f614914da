"""Over TLS: whom both transports trust, and what the raw one does while a server says nothing."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509

from bench.certificates import Authority, make_authority
from tee_infra.aws.connection import Connection as AwsConnection
from tee_infra.aws.dynamodb import DynamoDbError, TransportName
from tee_infra.aws.dynamodb_raw import RawTransport
from tee_infra.aws.http_connection import Address, Connection, Tls
from tee_infra.aws.identity import NoAccessError, current_account, require_role
from tee_infra.core.codec.raw_items import scan_body
from tee_infra.core.codec.responses import ResponseClass
from tests.support.services import connect
from tests.support.tls import server_context

REQUEST = b"POST / HTTP/1.1\r\ncontent-length:2\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
Serve = Callable[[ssl.SSLSocket], object]


@contextmanager
def serving(context: ssl.SSLContext, serve: Serve) -> Iterator[int]:
    """The port of a server that hands each connection, once secured, to `serve`."""
    server = socket.create_server(("127.0.0.1", 0))
    kept: list[ssl.SSLSocket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                plain, _ = server.accept()
                with suppress(ssl.SSLError, ConnectionError):
                    kept.append(context.wrap_socket(plain, server_side=True))
                    serve(kept[-1])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for connection in kept:
            connection.close()


def silent(_: ssl.SSLSocket) -> None:
    """Not a word."""


def one_answer(connection: ssl.SSLSocket) -> None:
    connection.recv(65536)
    connection.sendall(OK)


def half_an_answer(connection: ssl.SSLSocket) -> None:
    connection.recv(65536)
    connection.sendall(OK[:-1])


def connection_to(authority: Authority, port: int, tls: Tls | None = None) -> Connection:
    tls = tls or Tls(ssl.create_default_context(cafile=str(authority.bundle)))
    return Connection(Address("localhost", port, tls, (5.0, 0.2)))


@pytest.mark.parametrize("serve", [silent, half_an_answer])
def test_a_server_that_falls_silent_is_not_waited_for(authority: Authority, serve: Serve) -> None:
    with serving(server_context(authority.server), serve) as port:
        connection, began = connection_to(authority, port), time.monotonic()
        connection.send(REQUEST, b"{}")
        with pytest.raises(TimeoutError):
            connection.receive()
        assert time.monotonic() - began < 2.0
        connection.close()


def test_session_tickets_are_no_answer(authority: Authority) -> None:
    with serving(server_context(authority.server), silent) as port:
        connection = connection_to(authority, port)
        connection.send(REQUEST, b"{}")
        assert not connection.ready(0.05)
        assert not connection.ready(0)
        connection.close()


def test_an_answer_is_not_lost_by_waiting_for_it(authority: Authority) -> None:
    with serving(server_context(authority.server), one_answer) as port:
        connection = connection_to(authority, port)
        connection.send(REQUEST, b"{}")
        assert connection.ready(5.0)
        assert connection.ready(0)
        assert connection.receive().body == b"{}"
        connection.close()


def test_later_connections_resume_the_session(authority: Authority) -> None:
    context, names = server_context(authority.server), []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    tls = Tls(ssl.create_default_context(cafile=str(authority.bundle)))
    with serving(context, one_answer) as port:
        for _ in range(3):
            connection = connection_to(authority, port, tls)
            connection.send(REQUEST, b"{}")
            assert connection.receive().status == 200
            connection.close()
    assert context.session_stats()["hits"] == 2
    assert names == ["localhost"] * 3


def untrusted(authority: Authority, folder: Path) -> Authority:
    return Authority(authority.bundle, make_authority(folder).server)


def of_another_host(_authority: Authority, folder: Path) -> Authority:
    return make_authority(folder, [x509.DNSName("dynamodb.us-east-1.amazonaws.com")])


@pytest.mark.parametrize("name", ["raw", "botocore"])
@pytest.mark.parametrize("made", [untrusted, of_another_host])
def test_a_certificate_that_is_not_trusted_ends_a_command_at_once(
    authority: Authority,
    made: Callable[[Authority, Path], Authority],
    name: TransportName,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle, certificate = made(authority, tmp_path)
    context = server_context(certificate)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    with serving(context, one_answer) as port:
        dynamodb = connect(f"https://127.0.0.1:{port}")
        lane = dynamodb.transport(name).lane(1)
        lane.send("Scan", scan_body("t"))
        reply = lane.receive()
        lane.close()
        with pytest.raises(DynamoDbError) as raised:
            dynamodb.table("t")
    assert reply.verdict is ResponseClass.FATAL
    for message in (reply.message, str(raised.value)):
        assert "Set AWS_CA_BUNDLE" in message
        assert "\n" not in message
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("role", [None, "arn:aws:iam::123456789012:role/copier"])
def test_a_login_does_not_help_against_a_certificate(
    role: str | None, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(server_context(make_authority(tmp_path).server), one_answer) as port:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.bundle))
        connection = AwsConnection(region="us-east-1", role=role)
        with pytest.raises(NoAccessError, match=r"CERTIFICATE_VERIFY_FAILED.*Set AWS_CA_BUNDLE"):
            require_role(connection, "prod", None) if role else current_account(connection)


def test_a_certificate_authority_named_in_the_shell_is_trusted(trusted: ssl.SSLContext) -> None:
    with serving(trusted, one_answer) as port:
        lane = connect(f"https://127.0.0.1:{port}").transport("raw").lane(1)
        lane.send("Scan", scan_body("t"))
        assert lane.receive().verdict is ResponseClass.DONE
        lane.close()


def test_old_protocols_are_refused(trusted: ssl.SSLContext) -> None:
    transport = connect("https://127.0.0.1:9").transport("raw")
    assert isinstance(transport, RawTransport)
    context = transport.settings.context
    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
