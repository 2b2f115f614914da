"""The raw transport: an own signed HTTP/1.1 client with several connections per lane.

Costs about a thirtieth of boto3's client. It supports neither proxies nor custom signing; `dynamodb_botocore` does.
"""

import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException

from tee_infra.aws.credentials import never
from tee_infra.aws.http_connection import Connection, parse_endpoint
from tee_infra.aws.sigv4 import Keys, Signer
from tee_infra.core.codec.responses import Response, ResponseClass, classify, lost


class RawTransport:
    """See `tee_infra.workflows.data.transport.Transport`.

    `credentials` is asked before every request, so that they can be refreshed; `renew` gets refused ones,
    and says whether there are others. `seconds` is how long a connection may be silent; a whole request has
    `http_connection.DEADLINE` times as long. `ca_file` holds the certificates to trust.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        region: str,
        credentials: Callable[[], Keys],
        ca_file: str | None,
        seconds: float,
        renew: Callable[[Keys], bool] = never,
    ) -> None:
        self.endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._renew = renew
        self._seconds = seconds
        self._address, self._host = parse_endpoint(endpoint, ca_file)

    def lane(self, width: int) -> "RawLane":
        """A lane with `width` connections, opened as they are used."""
        connections = [Connection(self._address, self._seconds) for _ in range(width)]
        return RawLane(connections, Signer(self._host, self._region), self._credentials, self._renew)


class RawLane:
    """See `tee_infra.workflows.data.transport.Lane`. One request in flight on each of `width` connections."""

    def __init__(
        self,
        connections: list[Connection],
        signer: Signer,
        credentials: Callable[[], Keys],
        renew: Callable[[Keys], bool],
    ) -> None:
        self.width = len(connections)
        self._idle = connections
        self._waiting: deque[tuple[Connection, Keys, Response | None]] = deque()
        self._signer = signer
        self._credentials = credentials
        self._renew = renew

    def send(self, operation: str, body: bytes) -> None:
        """Start a request on an idle connection."""
        keys = self._credentials()
        connection = self._idle.pop()
        signed = self._signer.headers(keys, operation, body, time.time())
        head = f"POST / HTTP/1.1\r\n{signed}content-length:{len(body)}\r\n\r\n".encode()
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
        return Response(ResponseClass.FATAL, code=type(error).__name__, message=str(error))
    return lost(error)
