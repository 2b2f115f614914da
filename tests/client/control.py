"""A control table in moto whose pointer tests move, and a client that counts what it asks and that can be cut off."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError

from tee_infra.aws.control_store import ControlItems
from tee_infra.client import SlotTables, WritesHeldError
from tee_infra.core.cutover.pointer import Pointer, pointer_item, read_pointer
from tests.support.emulator import session
from tests.support.homes import Moto

KEY = "pointer#prod", "pointer"
TABLE = "tee-admin"


class Control:
    """The pointer of prod, and a clock that stands until it is set."""

    def __init__(self, account: Moto) -> None:
        self.items = ControlItems.connect(account)
        self.time = 1000.0
        self.asked: list[str] = []
        self.cut_off = False
        config = Config(retries={"mode": "standard", "total_max_attempts": 3})
        self.client = session().client("dynamodb", endpoint_url=account.endpoint, config=config)
        self.client.meta.events.register_first("before-send.dynamodb", self._before_send)

    def clock(self) -> float:
        return self.time

    def set(self, state: str, epoch: int, slot: str = "prod", *, drain_for: float = 30) -> None:
        """Write the pointer, without a condition."""
        until = datetime.now(UTC) + timedelta(seconds=drain_for) if state == "DRAINING" else None
        pointer = Pointer.model_validate({"epoch": epoch, "state": state, "slot": slot, "drain_until": until})
        self.write(pointer_item(pointer, "prod"))

    def write(self, item: dict[str, Any]) -> None:
        present, _ = self.items.get(*KEY)
        assert self.items.put(item, {"epoch": present["epoch"]} if present else None)

    def pointer(self) -> Any:
        return read_pointer(self.items.get(*KEY)[0], "prod")

    def _before_send(self, request: Any, **_: Any) -> None:
        self.asked.append(request.headers["X-Amz-Target"].decode().split(".")[-1])
        if self.cut_off and self.asked[-1] in ("GetItem", "UpdateItem"):
            raise ConnectTimeoutError(endpoint_url=request.url)


def write(tables: SlotTables, timeout: float = 0) -> str:
    with tables.writing(TABLE, timeout=timeout) as name:
        return name


def write_slowly(tables: SlotTables, during: Callable[[str], object], timeout: float = 5) -> None:
    """A block that lasts as long as `during`, which has the table's name."""
    with tables.writing(TABLE, timeout=timeout) as name:
        during(name)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_held(tables: SlotTables) -> bool:
    try:
        write(tables)
    except WritesHeldError:
        return True
    return False
