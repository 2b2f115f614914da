"""The raw transport: an own signed HTTP/1.1 client with several connections per lane.

Costs about a thirtieth of boto3's client. It supports neither proxies nor custom signing; `dynamodb_botocore` does.
Its settings are botocore's: see `raw_settings`.
"""

import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPException
from urllib.parse import urlsplit

from tee_infra.aws.connection import TRUST
from tee_infra.aws.credentials import never
from tee_infra.aws.http_connection import NO_DELAY, Address, Connection, Tls, parse_endpoint
from tee_infra.aws.sigv4 import Keys, Signer
from tee_infra.core.codec.responses import Response, ResponseClass, classify, lost, one_line


@dataclass(frozen=True, kw_only=True)
class RawSettings:
    """Where requests go, and how: `url` with its path, `region` of the signature, `context` None for plain HTTP.

    `credentials` is asked before every request, so that they can be refreshed; `renew` is told of refused ones, and
    says whether there are others. `seconds` are the longest time to connect and the longest silence of a connection; a
    whole request has `http_connection.DEADLINE` times as long. `options` are the socket's.
    """

    url: str
    region: str
    credentials: Callable[[], Keys]
    renew: Callable[[Keys], bool] = never
    context: ssl.SSLContext | None = None
    seconds: tuple[float, float]
    options: Sequence[tuple[int, int, int]] = NO_DELAY
    user_agent: str = ""


class RawTransport:
    """See `tee_infra.workflows.data.transport.Transport`."""

    def __init__(self, settings: RawSettings) -> None:
        self.settings = settings
        self.endpoint = settings.url.rstrip("/")
        host, port, self._host = parse_endpoint(settings.url)
        tls = Tls(settings.context) if settings.context else None
        self._address = Address(host, port, tls, settings.seconds, settings.options)

    def lane(self, width: int) -> "RawLane":
        """A lane with `width` connections, opened as they are used."""
        settings = self.settings
        signer = Signer(self._host, settings.region, urlsplit(settings.url).path or "/")
        return RawLane([Connection(self._address) for _ in range(width)], signer, settings)


class RawLane:
    """See `tee_infra.workflows.data.transport.Lane`. One request in flight on each connection.

    `width` begins with one and grows with each reply: over TLS the first connection's session saves the other ones half
    of their handshake, and a short piece of work opens few.
    """

    def __init__(self, connections: list[Connection], signer: Signer, settings: RawSettings) -> None:
        self.width = 1
        self._most = len(connections)
        self._idle = connections
        self._waiting: deque[tuple[Connection, Keys, Response | None]] = deque()
        self._signer = signer
        self._credentials = settings.credentials
        self._renew = settings.renew
        agent = f"user-agent:{settings.user_agent}\r\n" if settings.user_agent else ""
        self._start = f"POST {signer.path} HTTP/1.1\r\n{agent}"

    def send(self, operation: str, body: bytes) -> None:
        """Start a request on an idle connection."""
        keys = self._credentials()
        connection = self._idle.pop()
        signed = self._signer.headers(keys, operation, body, time.time())
        head = f"{self._start}{signed}content-length:{len(body)}\r\n\r\n".encode()
        failure = None
        try:
            connection.send(head, body)
        except OSError as error:
            connection.close()
            failure = _lost(error)
        self._waiting.append((connection, keys, failure))

    def ready(self, seconds: float) -> bool:
        """Whether the oldest reply has arrived, waiting for it up to `seconds`."""
        connection, _, failure = self._waiting[0]
        return failure is not None or connection.ready(seconds)

    def receive(self) -> Response:
        """The reply to the oldest request in flight."""
        self.width = min(self.width + 1, self._most)
        connection, keys, failure = self._waiting.popleft()
        self._idle.append(connection)
        if failure is not None:
            return failure
        try:
            answer = connection.receive()
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            return _lost(error)
        response = classify(answer.status, answer.body, answer.header(b"x-amz-crc32"))
        if response.verdict is ResponseClass.SUSPECT:
            connection.close()  # the rest of the reply may still come
        if response.verdict is ResponseClass.UNAUTHENTICATED and self._renew(keys):
            return replace(response, verdict=ResponseClass.TRANSIENT)
        return response

    def close(self) -> None:
        """Close every connection."""
        for connection in (*self._idle, *(connection for connection, *_ in self._waiting)):
            connection.close()


def _lost(error: Exception) -> Response:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Response(ResponseClass.FATAL, code=type(error).__name__, message=f"{one_line(str(error))}. {TRUST}")
    return lost(error)
