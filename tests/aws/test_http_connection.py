"""The HTTP client against a socket that says exactly what a test wants."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import IncompleteRead

import pytest

from tee_infra.aws.http_connection import Address, Connection, parse_endpoint

HEAD = b"POST / HTTP/1.1\r\ncontent-length:2\r\n\r\n"


@contextmanager
def saying(*answers: list[bytes]) -> Iterator[Connection]:
    """A connection to a server that answers each request in these parts; after the last it closes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        accepted, _ = server.accept()
        with accepted:
            for parts in answers:
                accepted.recv(65536)
                for part in parts:
                    accepted.sendall(part)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    connection = Connection(Address("127.0.0.1", server.getsockname()[1], None, (0.5, 0.5)))
    try:
        yield connection
    finally:
        connection.close()
        server.close()
        thread.join()


def ask(connection: Connection) -> tuple[int, bytes]:
    connection.send(HEAD, b"{}")
    answer = connection.receive()
    return answer.status, answer.body


def test_a_connection_is_kept() -> None:
    ok = [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Amz-Crc32: 7\r\n\r\nhello"]
    with saying(ok, ok) as connection:
        assert ask(connection) == (200, b"hello")
        assert ask(connection) == (200, b"hello")


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK", b"HTTP/1.1 200 OK\r\nConnection: close"])
def test_a_server_that_closes_is_asked_on_a_new_connection(head: bytes) -> None:
    with saying([head + b"\r\nContent-Length: 0\r\n\r\n"]) as connection:
        assert ask(connection) == (200, b"")
        assert connection.ready(0)
        with pytest.raises(IncompleteRead):
            connection.receive()


def test_headers_are_found_whatever_their_case() -> None:
    with saying([b"HTTP/1.1 400 Bad\r\ncOnTeNt-LeNgTh:0\r\nX-AMZ-CRC32:  12 \r\n\r\n"]) as connection:
        connection.send(HEAD, b"{}")
        answer = connection.receive()
        assert (answer.status, answer.body, answer.header(b"x-amz-crc32")) == (400, b"", b"12")
        assert answer.header(b"absent") is None


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_answer_in_pieces(size: int) -> None:
    body = bytes(range(256)) * 20
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]
    with saying(parts) as connection:
        assert ask(connection) == (200, body)


def test_a_chunked_answer() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [head + b"5;ext=1\r\nhel", b"lo\r\n6\r", b"\n world\r\n0\r\n\r", b"\n"]
    with saying(chunks, chunks) as connection:
        assert ask(connection) == (200, b"hello world")
        assert ask(connection) == (200, b"hello world")


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", b"nonsense\r\n\r\n"]
)
def test_an_answer_that_breaks_off(cut: bytes) -> None:
    with saying([cut]) as connection, pytest.raises((IncompleteRead, ConnectionError)):
        ask(connection)


def test_silence_ends_in_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = Connection(Address("127.0.0.1", server.getsockname()[1], None, (0.1, 0.1)))
        connection.send(HEAD, b"{}")
        assert not connection.ready(0.01)
        with pytest.raises(BlockingIOError):
            connection.receive()
        connection.close()


@pytest.mark.parametrize(
    ("url", "host", "port", "shown"),
    [
        ("https://dynamodb.eu-central-1.amazonaws.com", "dynamodb.eu-central-1.amazonaws.com", 443, None),
        ("http://127.0.0.1:8000", "127.0.0.1", 8000, "127.0.0.1:8000"),
        ("http://[::1]:8000/", "::1", 8000, "[::1]:8000"),
        ("http://localhost", "localhost", 80, None),
        ("https://localhost:80/path", "localhost", 80, "localhost:80"),
    ],
)
def test_endpoints(url: str, host: str, port: int, shown: str | None) -> None:
    assert parse_endpoint(url) == (host, port, shown or host)
