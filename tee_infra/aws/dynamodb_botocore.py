"""The botocore transport: its client with raw bodies, replaced through its own events.

Everything else is botocore's: endpoints, proxies, signing, TLS. Three times the cost of the raw transport and a fifth
of ordinary use of the client.
"""

import threading
from collections import deque
from concurrent.futures import Future, wait
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from tee_infra.aws.connection import TRUST, is_untrusted
from tee_infra.aws.credentials import SessionKeys
from tee_infra.aws.http_connection import DEADLINE
from tee_infra.core.codec.responses import Response, ResponseClass, classify, lost, one_line

# Parameters that pass botocore's own validation; the body is replaced before it is sent.
_PLACEHOLDERS: Final[dict[str, dict[str, Any]]] = {
    "Scan": {"TableName": "raw"},
    "Query": {"TableName": "raw"},
    "BatchWriteItem": {"RequestItems": {"raw": [{"DeleteRequest": {"Key": {}}}]}},
    "PutItem": {"TableName": "raw", "Item": {}},
    "BatchGetItem": {"RequestItems": {"raw": {"Keys": [{}]}}},
}


class BotocoreTransport:
    """See `tee_infra.workflows.data.transport.Transport`. `client` is a boto3 client that does not retry.

    `keys` are the credentials that it signs with; `seconds` is how long a connection may be silent.
    """

    def __init__(self, client: Any, keys: SessionKeys, seconds: float) -> None:
        self._client = client
        self._keys = keys
        self._calls = threading.local()
        self.deadline = DEADLINE * seconds
        events = client.meta.events
        events.register("before-call.dynamodb", self._put_body)
        events.register_last("before-parse.dynamodb", self._take_body)

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        return str(self._client.meta.endpoint_url)

    def lane(self, width: int) -> "BotocoreLane":
        """A lane with `width` threads."""
        return BotocoreLane(self, width)

    def call(self, operation: str, body: bytes) -> Response:
        """One request and its reply, in this thread."""
        self._calls.body, self._calls.reply = body, None
        keys = self._keys()
        failure: Exception | None = None
        try:
            self._client._make_api_call(operation, _PLACEHOLDERS[operation])
        except (HTTPClientError, NoConnectionError) as error:
            if is_untrusted(error):
                return Response(ResponseClass.FATAL, code="SSLError", message=f"{one_line(str(error))}. {TRUST}")
            return lost(error)
        except (BotoCoreError, ClientError, ValueError) as error:
            failure = error
        reply: Response | None = self._calls.reply
        if reply is None:
            return Response(ResponseClass.FATAL, code=type(failure).__name__, message=one_line(str(failure)))
        if reply.verdict is ResponseClass.UNAUTHENTICATED and self._keys.renew(keys):
            return replace(reply, verdict=ResponseClass.TRANSIENT)
        return reply

    def _put_body(self, params: dict[str, Any], **_: Any) -> None:
        params["body"] = self._calls.body

    def _take_body(self, response_dict: dict[str, Any], **_: Any) -> None:
        body, headers = response_dict["body"], response_dict["headers"]
        self._calls.reply = classify(response_dict["status_code"], body, headers.get("x-amz-crc32"))
        response_dict["body"] = b"{}"  # botocore's parser never sees a body that it might fail for


class _Call(NamedTuple):
    operation: str
    body: bytes
    reply: Future[Response]


class BotocoreLane:
    """See `tee_infra.workflows.data.transport.Lane`.

    Its threads do not keep the process alive. One that waits longer than the transport's deadline is left and replaced.
    """

    def __init__(self, transport: BotocoreTransport, width: int) -> None:
        self.width = width
        self._transport = transport
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._waiting: deque[Future[Response]] = deque()
        self._started = 0
        for _ in range(width):
            self._start()

    def send(self, operation: str, body: bytes) -> None:
        """Start a request on an idle thread."""
        call = _Call(operation, body, Future())
        self._calls.put(call)
        self._waiting.append(call.reply)

    def ready(self, seconds: float) -> bool:
        """Whether the oldest reply has arrived, waiting for it up to `seconds`."""
        return bool(wait([self._waiting[0]], seconds).done)

    def receive(self) -> Response:
        """The reply to the oldest request in flight."""
        reply, seconds = self._waiting.popleft(), self._transport.deadline
        if not wait([reply], seconds).done:
            self._start()
            return lost(TimeoutError(f"no complete reply within {seconds:.0f} s"))
        return reply.result()

    def close(self) -> None:
        """End the threads."""
        for _ in range(self._started):
            self._calls.put(None)

    def _start(self) -> None:
        self._started += 1
        threading.Thread(target=self._work, name="DynamoDB request", daemon=True).start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call.reply.set_result(self._transport.call(call.operation, call.body))
            except BaseException as error:  # the receiver raises it
                call.reply.set_exception(error)
