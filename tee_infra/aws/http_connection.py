"""A minimal HTTP/1.1 client connection: POST a body, read the answer, keep the connection.

Two system calls per request. http.client needs more time to parse headers into e-mail messages than the data engine
needs for 25 items. Supports Content-Length and chunked bodies, but no redirects, proxies or cookies.
"""

import select
import socket
import ssl
import struct
import time
from collections.abc import Sequence
from http.client import IncompleteRead
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_CHUNK: Final = 256 * 1024
_HEAD_LIMIT: Final = 64 * 1024
_BODY_LIMIT: Final = 64 * 1024 * 1024
"""DynamoDB's longest reply has 16 MB of items; JSON may write a byte as six."""
_CONNECT_SECONDS: Final = 5.0
DEADLINE: Final = 2.5
"""The time for a whole request and its reply, in terms of the longest silence: a byte a second is not alive."""
NO_DELAY: Final = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


class Answer(NamedTuple):
    """Status, the raw header block in lower case, and the body."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """The value of the header `name` (lower case), or None."""
        return _header(self.head, name)


class Tls:
    """How connections to one host are secured, and the session that they resume: half of a handshake's time.

    Threads may share it: the worst that happens is one full handshake more.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.session: ssl.SSLSession | None = None

    def wrap(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        """Shake hands. Raises `ssl.SSLCertVerificationError` unless the certificate is valid for `host`."""
        return self.context.wrap_socket(plain, server_hostname=host, session=self.session)


class Address(NamedTuple):
    """Where to connect; `tls` is None for plain HTTP. `seconds` are the longest connect and the longest silence."""

    host: str
    port: int
    tls: Tls | None
    seconds: tuple[float, float]
    options: Sequence[tuple[int, int, int]] = NO_DELAY


def parse_endpoint(url: str) -> tuple[str, int, str]:
    """Host, port and the text of the Host header of an endpoint's URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    default = 443 if parts.scheme == "https" else 80
    port = parts.port or default
    shown = f"[{host}]" if ":" in host else host
    return host, port, shown if port == default else f"{shown}:{port}"


class Connection:
    """One connection, opened at the first request and again after every failure.

    `send` and `receive` raise OSError for network failures (a timeout included) and
    `http.client.IncompleteRead` for an answer that breaks off or is not HTTP.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._due = 0.0
        self._poll = select.poll()
        self._socket: socket.socket | None = None
        self._is_new = False
        self._begun = b""
        self._buffer = bytearray(_CHUNK)

    def send(self, head: bytes, body: bytes) -> None:
        """Send a request: its head up to the empty line, and the body."""
        if self._socket is not None and self.ready(0):
            self.close()  # the server closed it, or sent more than was asked for
        self._due = time.monotonic() + DEADLINE * self._address.seconds[1]
        if self._socket is None:
            self._socket = self._open()
            self._poll = select.poll()
            self._poll.register(self._socket, select.POLLIN)
        request = b"".join((head, body))
        sent = self._socket.send(request)
        while sent < len(request):
            self._check_deadline()
            sent += self._socket.send(memoryview(request)[sent:])

    def ready(self, seconds: float) -> bool:
        """Whether an answer has begun to arrive (or never will), waiting for it up to `seconds`."""
        if self._socket is None or self._begun:
            return True
        until = time.monotonic() + seconds
        while self._poll.poll(max(0.0, until - time.monotonic()) * 1000):
            if not (self._is_new and isinstance(self._socket, ssl.SSLSocket)) or self._begins(self._socket):
                return True
        return False

    def receive(self) -> Answer:
        """Read the answer to the request sent."""
        data, self._begun = self._begun or self._receive_some(), b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > _HEAD_LIMIT:
                raise IncompleteRead(data[:200])
            data += self._receive_some()
        head = data[:end].lower()
        answer = Answer(_status(head), head, self._body(head, data[end + 4 :]))
        if self._is_new:
            self._keep_session()
        if head.startswith(b"http/1.0") or b"\r\nconnection: close" in head:
            self.close()
        return answer

    def close(self) -> None:
        """Close it; the next `send` opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket, self._begun = None, b""

    def _open(self) -> socket.socket:
        host, port, tls, seconds, options = self._address
        connected = socket.create_connection((host, port), timeout=min(seconds[0], _CONNECT_SECONDS))
        connected.settimeout(seconds[1])
        try:
            for option in options:
                connected.setsockopt(*option)
            if tls is not None:
                connected = tls.wrap(connected, host)
        except BaseException:
            connected.close()
            raise
        self._is_new = True
        return _block(connected, seconds[1])

    def _receive_some(self) -> bytes:
        count = self._receive_into(self._buffer)
        return bytes(memoryview(self._buffer)[:count])

    def _receive_into(self, buffer: bytearray | memoryview) -> int:
        count = self._socket.recv_into(buffer) if self._socket is not None else 0
        if not count:
            raise IncompleteRead(b"")
        self._check_deadline()
        return count

    def _check_deadline(self) -> None:
        if time.monotonic() > self._due:
            raise TimeoutError(f"no complete reply within {DEADLINE * self._address.seconds[1]:.0f} s")

    def _begins(self, secured: ssl.SSLSocket) -> bool:
        # The first bytes after a handshake may be session tickets, which are no answer.
        secured.setblocking(False)
        try:
            self._begun = self._receive_some()
        except ssl.SSLWantReadError:
            return False
        except (OSError, IncompleteRead):
            return True
        finally:
            secured.settimeout(self._address.seconds[1])
        return True

    def _keep_session(self) -> None:
        self._is_new = False
        if self._address.tls is not None and isinstance(self._socket, ssl.SSLSocket):
            self._address.tls.session = self._socket.session

    def _body(self, head: bytes, rest: bytes) -> bytes:
        if (length := _header(head, b"content-length")) is not None:
            return self._exactly(int(length), rest)
        if b"chunked" in (_header(head, b"transfer-encoding") or b""):
            return self._chunked(rest)
        raise IncompleteRead(rest)

    def _exactly(self, length: int, rest: bytes) -> bytes:
        if not len(rest) <= length <= _BODY_LIMIT:  # more than was announced, or than DynamoDB sends
            raise IncompleteRead(rest, length)
        if len(rest) == length:
            return rest
        if length > len(self._buffer):
            self._buffer = bytearray(length)  # kept: the pages of a scan have one size
        view, have = memoryview(self._buffer)[:length], len(rest)
        view[:have] = rest
        while have < length:
            try:
                have += self._receive_into(view[have:])
            except IncompleteRead:
                raise IncompleteRead(bytes(view[:have]), length - have) from None
        return bytes(view)

    def _chunked(self, rest: bytes) -> bytes:
        body = bytearray()
        while True:
            while (end := rest.find(b"\r\n")) < 0:
                rest += self._receive_some()
            size = int(rest[:end].partition(b";")[0], 16)
            if not 0 <= size <= _BODY_LIMIT - len(body):
                raise IncompleteRead(bytes(body))
            while len(rest) < end + size + 4:
                rest += self._receive_some()
            body += rest[end + 2 : end + 2 + size]
            rest = rest[end + size + 4 :]
            if size == 0:
                return bytes(body)


def _block(connected: socket.socket, seconds: float) -> socket.socket:
    # A timeout kept by the kernel instead of by Python saves a poll() before every read and write. Over TLS Python
    # would repeat a read that the kernel has ended, forever.
    if isinstance(connected, ssl.SSLSocket):
        connected.settimeout(seconds)
        return connected
    connected.settimeout(None)
    timeout = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
    return connected


def _status(head: bytes) -> int:
    if not head.startswith(b"http/1."):
        raise IncompleteRead(head[:200])
    return int(head[9:12])


def _header(head: bytes, name: bytes) -> bytes | None:
    start = head.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()
