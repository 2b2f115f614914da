"""What the data workflows ask of a way to DynamoDB.

Two adapters have it, `tee_infra.aws.dynamodb_raw` (signed HTTP of our own) and
`tee_infra.aws.dynamodb_botocore` (all of botocore's behaviour), and the fakes of the tests. Neither retries:
`tee_infra.workflows.data.request_loop` does, in one place for both.
"""

from typing import Protocol

from tee_infra.core.codec.responses import Response


class Lane(Protocol):
    """Up to `width` requests under way at once, for one thread; replies come in the order of sending."""

    @property
    def width(self) -> int:
        """How many requests may be under way."""
        ...

    def send(self, operation: str, body: bytes) -> None:
        """Start a request: `operation` as DynamoDB names it (`Scan`), `body` its JSON."""
        ...

    def ready(self, seconds: float) -> bool:
        """Whether the oldest reply is there, waiting for it up to so many seconds."""
        ...

    def receive(self) -> Response:
        """Wait for the reply to the oldest request under way. Never raises for what the network did."""
        ...

    def close(self) -> None:
        """Drop the connections."""
        ...


class Transport(Protocol):
    """A way to one account's DynamoDB in one region."""

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        ...

    def lane(self, width: int) -> Lane:
        """A lane of its own for the calling thread."""
        ...
