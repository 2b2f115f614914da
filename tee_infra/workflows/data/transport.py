"""The interface of the data workflows to DynamoDB.

Two adapters implement it, `tee_infra.aws.dynamodb_raw` (our own signed HTTP client) and
`tee_infra.aws.dynamodb_botocore` (botocore), and the fakes of the tests. Neither retries:
`tee_infra.workflows.data.request_loop` does, for both.
"""

from typing import Protocol

from tee_infra.core.codec.responses import Response


class Lane(Protocol):
    """Up to `width` concurrent requests, for one thread; replies come in the order of sending."""

    @property
    def width(self) -> int:
        """Maximum number of concurrent requests at present."""
        ...

    def send(self, operation: str, body: bytes) -> None:
        """Start a request: `operation` as DynamoDB names it (`Scan`), `body` its JSON."""
        ...

    def ready(self, seconds: float) -> bool:
        """Whether the oldest reply has arrived, after waiting up to `seconds` for it."""
        ...

    def receive(self) -> Response:
        """Wait for the reply to the oldest request. Never raises for a network failure."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class Transport(Protocol):
    """A client of one account's DynamoDB in one region."""

    @property
    def endpoint(self) -> str:
        """The URL of the requests."""
        ...

    def lane(self, width: int) -> Lane:
        """A new lane for the calling thread."""
        ...
