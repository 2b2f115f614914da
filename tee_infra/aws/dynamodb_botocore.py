"""The botocore transport: its client with raw bodies, replaced through its own events.

Everything else is botocore's: endpoints, proxies, signing, TLS. Three times the cost of the raw transport and a fifth
of ordinary use of the client.
"""

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from tee_infra.core.codec.responses import Response, ResponseClass, classify, lost

# Parameters that pass botocore's own validation; the body is replaced before it is sent.
_PLACEHOLDERS: Final[dict[str, dict[str, Any]]] = {
    "Scan": {"TableName": "raw"},
    "BatchWriteItem": {"RequestItems": {"raw": [{"DeleteRequest": {"Key": {}}}]}},
    "PutItem": {"TableName": "raw", "Item": {}},
    "BatchGetItem": {"RequestItems": {"raw": {"Keys": [{}]}}},
}


class BotocoreTransport:
    """See `tee_infra.workflows.data.transport.Transport`. `client` is a boto3 client that does not retry."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._calls = threading.local()
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
        failure: Exception | None = None
        try:
            self._client._make_api_call(operation, _PLACEHOLDERS[operation])
        except (HTTPClientError, NoConnectionError) as error:
            return lost(error)
        except (BotoCoreError, ClientError, ValueError) as error:
            failure = error
        if self._calls.reply is not None:
            return self._calls.reply
        return Response(ResponseClass.FATAL, code=type(failure).__name__, message=str(failure))

    def _put_body(self, params: dict[str, Any], **_: Any) -> None:
        params["body"] = self._calls.body

    def _take_body(self, response_dict: dict[str, Any], **_: Any) -> None:
        body, headers = response_dict["body"], response_dict["headers"]
        self._calls.reply = classify(response_dict["status_code"], body, headers.get("x-amz-crc32"))
        if self._calls.reply.verdict is ResponseClass.DONE:
            response_dict["body"] = b"{}"


class BotocoreLane:
    """See `tee_infra.workflows.data.transport.Lane`."""

    def __init__(self, transport: BotocoreTransport, width: int) -> None:
        self.width = width
        self._transport = transport
        self._threads = ThreadPoolExecutor(width)
        self._waiting: deque[Future[Response]] = deque()

    def send(self, operation: str, body: bytes) -> None:
        """Start a request on an idle thread."""
        self._waiting.append(self._threads.submit(self._transport.call, operation, body))

    def ready(self, seconds: float) -> bool:
        """Whether the oldest reply has arrived, waiting for it up to `seconds`."""
        return bool(wait([self._waiting[0]], seconds).done)

    def receive(self) -> Response:
        """The reply to the oldest request in flight."""
        return self._waiting.popleft().result()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)
