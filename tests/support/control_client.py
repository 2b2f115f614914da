"""A DynamoDB of one table in memory, with a clock that tests set and puts that go astray: for locks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any, Literal

from botocore.exceptions import ReadTimeoutError

from tee_infra.aws.control_store import ControlItems

Fate = Literal["answered", "answer lost", "late"]


class ControlClient:
    """What `ControlItems` calls of boto3's client; every request is consistent and all at once.

    The fate of the next put: its `answer lost`, so that the SDK puts once more, or `late`: the caller gives up on it,
    and it arrives with `deliver`.
    """

    exceptions = SimpleNamespace(
        ConditionalCheckFailedException=type("ConditionalCheckFailedException", (Exception,), {}),
        ResourceNotFoundException=type("ResourceNotFoundException", (Exception,), {}),
    )

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.now = datetime(2026, 12, 1, tzinfo=UTC)
        self.fate: Fate = "answered"
        self.late: list[dict[str, Any]] = []
        self.before_put: Callable[[], object] | None = None
        self.down = False
        """Whether it answers nobody."""

    def control(self) -> ControlItems:
        return ControlItems(self, "AWS in nowhere")

    def sleep(self, duration: timedelta) -> None:
        self.now += duration

    def get_item(self, **request: Any) -> Any:
        self._answer()
        found = self.items.get(_key(request["Key"]))
        return self._answer() | ({"Item": found} if found else {})

    def query(self, **request: Any) -> Any:
        pk = request["ExpressionAttributeValues"][":pk"]["S"]
        found = [item for key, item in sorted(self.items.items()) if key[0] == pk]
        return self._answer() | {"Items": found, "Count": len(found)}

    def put_item(self, **request: Any) -> Any:
        meanwhile, self.before_put = self.before_put, None
        if meanwhile:
            meanwhile()
        answer, fate = self._answer(), self.fate
        self.fate = "answered"
        if fate == "late":
            self.late.append(request)
            raise ReadTimeoutError(endpoint_url="nowhere")
        if fate == "answer lost" and self._holds(request):
            self._put(request)
        if not self._holds(request):
            raise self.exceptions.ConditionalCheckFailedException
        self._put(request)
        return answer

    def deliver(self) -> None:
        """What was late arrives, in no order that its senders know."""
        for request in reversed(self.late):
            if self._holds(request):
                self._put(request)
        self.late.clear()

    def _holds(self, request: dict[str, Any]) -> bool:
        item = self.items.get(_key(request["Item"]))
        condition = request["ConditionExpression"]
        if condition == "attribute_not_exists(pk)":
            return item is None
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        sides = [part.split(" = ") for part in condition.split(" AND ")]
        return item is not None and all(item[names[name]] == values[value] for name, value in sides)

    def _put(self, request: dict[str, Any]) -> None:
        self.items[_key(request["Item"])] = request["Item"]

    def _answer(self) -> dict[str, Any]:
        if self.down:
            raise ReadTimeoutError(endpoint_url="nowhere")
        date = {"date": format_datetime(self.now, usegmt=True)}
        return {"ResponseMetadata": {"HTTPHeaders": date}, "ConsumedCapacity": {"CapacityUnits": 1.0}}


def _key(wire: dict[str, Any]) -> tuple[str, str]:
    return wire["pk"]["S"], wire["sk"]["S"]
