"""Connections to the embedded AWS stay open, unless the next request could not be told from the last one's rest."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from tee_infra.local.http_requests import RequestHandler


def application(environ: Any, start: Any) -> list[bytes]:
    match environ["PATH_INFO"]:
        case "/unread":
            body = b"refused"
        case "/lost":
            raise ConnectionAbortedError
        case "/broken":
            raise ValueError
        case "/wrong":
            start("200 OK", [("Content-Length", "2")])
            return [b"four"]
        case _:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("200 OK", [("X-Length", str(len(body)))])
    return [body[:1], body[1:]]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=RequestHandler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()


def test_requests_share_a_connection(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    places: set[Any] = set()
    for method, sent in (("POST", b"one"), ("POST", b""), ("GET", None), ("HEAD", None), ("POST", b"x" * 300_000)):
        connection.request(method, "/", body=sent)
        places.add(connection.sock.getsockname())
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, sent or b"")
        assert answer.getheader("X-Length") == str(len(sent or b""))
    assert len(places) == 1


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("POST /unread HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789", "refused"),
        ("POST /unread HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n12", "refused"),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n12", "12"),
        ("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n12", "12"),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n12", "12"),
        ("POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n12", "12"),
        ("POST /unread HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n0\r\n\r\n", "refused"),
        ("GET /broken HTTP/1.1\r\n\r\n", "500 INTERNAL SERVER ERROR"),
        ("GET /wrong HTTP/1.1\r\n\r\n", "four"),
        ("GET /lost HTTP/1.1\r\n\r\n", ""),
    ],
)
def test_a_connection_that_cannot_go_on_is_closed_after_the_answer(port: int, request_: str, told: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sent:
        sent.sendall(request_.encode())
        answer = b"".join(iter(lambda: sent.recv(65536), b"")).decode()
    assert told[1:] in answer  # werkzeug's own answers are in chunks
    assert answer.count("HTTP/1.1 ") == bool(told)
    assert not told or "\r\nConnection: close\r\n" in answer


def test_a_client_that_waits_with_its_body_is_told_to_send_it(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sent:
        sent.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        assert sent.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sent.sendall(b"12")
        answer = b"".join(iter(lambda: sent.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\n12")
