"""A lane that answers from a script."""

import json
from collections import deque
from collections.abc import Callable

from tee_infra.core.codec.responses import Response, ResponseClass

Answer = Callable[[str, dict], Response]


class FakeLane:
    """Asks `answer` for each request when it is sent."""

    def __init__(self, answer: Answer, width: int = 4) -> None:
        self.width = width
        self.sent: list[dict] = []
        self._answer = answer
        self._replies: deque[Response] = deque()

    def send(self, operation: str, body: bytes) -> None:
        assert len(self._replies) < self.width
        self.sent.append(json.loads(body))
        self._replies.append(self._answer(operation, self.sent[-1]))

    def ready(self, seconds: float) -> bool:
        return True

    def receive(self) -> Response:
        return self._replies.popleft()

    def close(self) -> None:
        pass


def done(**members: object) -> Response:
    return Response(ResponseClass.DONE, json.dumps(members).encode())


def throttled() -> Response:
    return Response(ResponseClass.THROTTLED, code="ThrottlingException")
