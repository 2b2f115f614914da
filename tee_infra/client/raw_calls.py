"""Requests in DynamoDB's own JSON through the app's client, even if it belongs to a resource of boto3.

Such a client takes and gives Python's values: it would make a map of `{"S": "a"}`.
"""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from threading import local
from typing import Any, Final

_PARAMETERS: Final = "before-parameter-build.dynamodb"
_ANSWER: Final = "after-call.dynamodb"


class RawCalls:
    """A client's requests in DynamoDB's JSON. `close` takes its hooks out of the client again."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._sending = local()
        client.meta.events.register_last(_PARAMETERS, self._restore)
        client.meta.events.register_first(_ANSWER, self._keep)

    def send(self, method: str, params: Mapping[str, Any], *, as_given: bool = False) -> tuple[dict[str, Any], float]:
        """The answer of e.g. `get_item`, and AWS's time in seconds since 1970, 0 without a date.

        `as_given`: `params` have the values that the app gives to its client. Raises botocore's errors.
        """
        self._sending.params = None if as_given else params
        self._sending.answer = b"", ""
        try:
            getattr(self._client, method)(**params)
            content, date = self._sending.answer
            return json.loads(content), _seconds(date)
        finally:
            del self._sending.params, self._sending.answer

    def is_sending(self) -> bool:
        """Whether this thread is inside `send`."""
        return hasattr(self._sending, "answer")

    def close(self) -> None:
        """Take the hooks out of the client."""
        self._client.meta.events.unregister(_PARAMETERS, self._restore)
        self._client.meta.events.unregister(_ANSWER, self._keep)

    def _restore(self, params: dict[str, Any], **_: Any) -> None:
        raw = getattr(self._sending, "params", None)
        if raw is not None:
            params.clear()
            params.update(raw)

    def _keep(self, http_response: Any, **_: Any) -> None:
        if self.is_sending():
            self._sending.answer = http_response.content, http_response.headers.get("date", "")


def _seconds(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0.0
