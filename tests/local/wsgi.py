"""The WSGI environment that the embedded AWS's own request handler makes of a prepared request."""

from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class _Handler(MotoRequestHandler):
    def __init__(self, sent: bytes) -> None:
        self.rfile, self.wfile = BytesIO(sent), BytesIO()
        self.client_address = ("127.0.0.1", 1)
        self.connection = None

        class Server:
            ssl_context = None
            multithread = multiprocess = True
            server_address = ("127.0.0.1", 4580)
            _server_version = ""

        self.server: Any = Server()
        self.raw_requestline = self.rfile.readline()
        assert self.parse_request()


def environ_of(prepared: Any) -> dict[str, Any]:
    path = prepared.url.split("/", 3)[3]
    headers = {"Host": prepared.url.split("/")[2], "Content-Length": str(len(prepared.body or b"")), **prepared.headers}
    lines = [f"{prepared.method} /{path} HTTP/1.1", *(f"{name}: {_text(value)}" for name, value in headers.items())]
    environ = _Handler("\r\n".join([*lines, "", ""]).encode() + (prepared.body or b"")).make_environ()
    environ["wsgi.input"] = BytesIO(prepared.body or b"")
    return environ


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value
