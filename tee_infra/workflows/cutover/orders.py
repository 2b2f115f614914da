"""Orders to a running replication, and how it obeys them: it pauses, or makes its requests at a lower rate."""

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from tee_infra.aws.control_store import ControlItems
from tee_infra.core import names
from tee_infra.core.cutover.progress_report import Orders, read_orders, sort_key
from tee_infra.core.environments import Environment
from tee_infra.errors import BusyError, UsageError
from tee_infra.workflows.cutover.status import concerns

_WAIT_SECONDS: Final = 0.2
_ALL: Final = 100


class OrderedPace:
    """The pace of all requests for items; `orders` is replaced while it is used, by another thread."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.ended = False

    @contextmanager
    def __call__(self) -> Generator[None]:
        """Make one request inside. With 30 % it takes the time of 3.3."""
        while self.orders.paused and not self.ended:
            time.sleep(_WAIT_SECONDS)
        began = time.monotonic()
        yield
        if self.orders.percent < _ALL and not self.ended:
            time.sleep((time.monotonic() - began) * (_ALL / self.orders.percent - 1))


def read_present_orders(control: ControlItems, source: str, target: str) -> Orders:
    """The orders to a replication. Raises as `ControlItems` does."""
    return read_orders(control.get(names.ORDERS, sort_key(source, target))[0])


def give_orders(
    control: ControlItems, environment: Environment, change: Mapping[str, Any]
) -> dict[tuple[str, str], Orders]:
    """Change the orders to every replication from or to a slot of the environment; the orders of each.

    Raises `UsageError` if there is none, `BusyError` after another run's, and as `ControlItems` does.
    """
    items, _ = control.collection(names.REPORTS)
    known = [item["sk"] for item in items if concerns(item["sk"], environment)]
    if not known:
        raise UsageError(
            f"no replication of {environment.name} is known. Nothing was changed",
            next=f"tee-infra migrate status {environment.name}",
        )
    given: dict[tuple[str, str], Orders] = {}
    for key in known:
        source, _, target = key.partition("#")
        given[source, target] = _give(control, key, change)
    return given


def _give(control: ControlItems, key: str, change: Mapping[str, Any]) -> Orders:
    before = read_orders(control.get(names.ORDERS, key)[0])
    after = before.changed(**change)
    item = {"pk": names.ORDERS, "sk": key, **after.model_dump()}
    if not control.put(item, {"version": before.version} if before.version else None):
        raise BusyError(
            f"the orders to {key.replace('#', ' -> ')} were changed by another run, or cannot be read. They are as "
            "that run has left them",
            next="Run the same command again",
        )
    return after
