"""HTTP to and from the embedded AWS: connections that stay open, and one write for an answer.

werkzeug's handler closes the connection after each answer. For a request of 25 items a new connection, and a thread
for it, took as long as its items.
"""

import select
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from typing import IO, Any, Final, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.exceptions import ClientDisconnected, InternalServerError
from werkzeug.wsgi import LimitedStream

from tee_infra.local.clock import clock

_BUFFER: Final = 64 * 1024
_LATE_MILLISECONDS: Final = 10
_WITHOUT_BODY: Final = ("204", "304")


class RequestHandler(MotoRequestHandler):
    """moto's, with the embedded AWS's time as the `Date` of every answer."""

    rbufsize = _BUFFER
    disable_nagle_algorithm = True  # an answer longer than the buffer would wait for the client's acknowledgement

    def date_time_string(self, timestamp: float | None = None) -> str:
        """As HTTP has it; of now without a timestamp."""
        return _date(int(clock.now() if timestamp is None else timestamp))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The log has errors only."""

    def run_wsgi(self) -> None:
        """Answer a request. One without a plain length is werkzeug's, and the last of its connection."""
        lengths = self.headers.get_all("Content-Length", ["0"])
        plain = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdecimal()
        if not plain or self.request_version != "HTTP/1.1" or "Transfer-Encoding" in self.headers:
            super().run_wsgi()
            self.close_connection = True
            return
        environ = self.environ = self.make_environ()
        body = environ["wsgi.input"] = LimitedStream(cast("IO[bytes]", self.rfile), int(lengths[0]))
        try:
            self._answer(environ, body)
        except (ConnectionError, ClientDisconnected):  # also of a request whose answer is to be lost
            self.close_connection = True
        except Exception:
            self.close_connection = True
            self.log("error", "Error on request:\n%s", traceback.format_exc())
            self._send("500 INTERNAL SERVER ERROR", [], [InternalServerError().get_body().encode()])
        self._skip(body)

    def _answer(self, environ: dict[str, Any], body: LimitedStream) -> None:
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
            begun[:] = [(status, headers)]
            return written.append

        answer: Iterable[bytes] = self.server.app(environ, start_response)
        try:
            written.extend(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        self.close_connection |= not body.is_exhausted  # its rest would be taken for the next request
        self._send(*begun[0], written)

    def _send(self, status: str, headers: list[tuple[str, str]], body: list[bytes]) -> None:
        code, _, phrase = status.partition(" ")
        content = b"".join(body)
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        told = [value for name, value in headers if name.lower() == "content-length"]
        if self.command != "HEAD" and code not in _WITHOUT_BODY:
            if not told:
                self.send_header("Content-Length", str(len(content)))
            elif told != [str(len(content))]:
                self.close_connection = True  # the next answer would be taken for the rest of this one
        if self.close_connection:
            self.send_header("Connection", "close")
        cast("Any", self)._headers_buffer += [b"\r\n", content]  # sent at once
        self.flush_headers()

    def _skip(self, body: LimitedStream) -> None:
        """Read what the client sends in vain: it would not see the answer if the connection were reset."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        with suppress(ClientDisconnected):
            while not body.is_exhausted and poll.poll(_LATE_MILLISECONDS):
                body.read(_BUFFER)


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
