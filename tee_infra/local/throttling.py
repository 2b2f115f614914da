"""Throttling of a table as DynamoDB does it: a share of its requests, or what exceeds its maximum throughput.

Of a batch the refused parts come back unprocessed, unless all are refused; a transaction is cancelled. Sources: the
reference of `ThrottlingReason`, "Diagnosing throttling" (codes, messages, reasons) and "BatchWriteItem" in DynamoDB's
guide. Units are counted by the size of what is sent and answered, those of indexes are not.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import TransactionCanceledException

from tee_infra.local import item_json
from tee_infra.local.share import Share

Handle = Callable[[Any], Any]
READ, WRITE = "Read", "Write"
_UNIT_BYTES: Final = {READ: 4096, WRITE: 1024}
_LEVEL: Final = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_SCALING: Final = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or "
    "index so please try again shortly."
)
_PROVISIONED: Final = (
    "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    _LEVEL,
    "ThrottlingReasons",
    "ProvisionedThroughputExceeded",
)
_CAPPED: Final = (
    "com.amazon.coral.availability#ThrottlingException",
    "Throughput exceeds the maximum OnDemandThroughput configured on table or index",
    "throttlingReasons",
    "MaxOnDemandThroughputExceeded",
)
_GROWING: Final = (
    "com.amazon.coral.availability#ThrottlingException",
    _SCALING,
    "throttlingReasons",
    "KeyRangeThroughputExceeded",
)


@dataclass(slots=True)
class Budget:
    """Units that are left of this second's. It may become negative, as the size of an answer is known afterwards."""

    left: float | None = None
    at: float = 0.0

    def is_spent(self, cap: float) -> bool:
        """Whether nothing is left of `cap` units a second."""
        now = time.monotonic()
        self.left = cap if self.left is None else min(cap, self.left + (now - self.at) * cap)
        self.at = now
        return self.left <= 0

    def spend(self, units: float) -> None:
        """Take the units of a request."""
        self.left = (self.left or 0) - units


@dataclass(slots=True)
class Throttle:
    """Of one table: a `share` of the requests, or without one those beyond its caps."""

    share: Share | None
    budgets: dict[str, Budget] = field(default_factory=lambda: {READ: Budget(), WRITE: Budget()})

    def refuses(self, table: Any, kind: str, units: float) -> bool:
        """Whether a request of so many units is throttled; its units are spent if it is not."""
        if self.share is not None:
            return self.share.takes()
        cap = caps(table).get(kind)
        if cap is None:
            return False
        if self.budgets[kind].is_spent(cap):
            return True
        self.budgets[kind].spend(units)
        return False


class ThrottledError(JsonRESTError):
    """With AWS's reasons."""

    def __init__(self, table: Any, kind: str) -> None:
        code, message, member, limit = _limit(table)
        super().__init__(code, message)
        reason = {"reason": f"Table{kind}{limit}", "resource": table.table_arn}
        self.description = json.dumps({"__type": code, "message": message, member: [reason]})


def caps(table: Any) -> dict[str, float]:
    """Units a second that a table allows, without those that have no limit."""
    if table.billing_mode != "PAY_PER_REQUEST":
        given = {kind: table.throughput.get(f"{kind}CapacityUnits") for kind in (READ, WRITE)}
    else:
        maximum = table.__dict__.get("kept", {}).get("OnDemandThroughput", {})
        given = {kind: maximum.get(f"Max{kind}RequestUnits") for kind in (READ, WRITE)}
    return {kind: float(units) for kind, units in given.items() if units and units > 0}


def handle_throttled(handler: Any, operation: str, handle: Handle, throttles: Mapping[str, Throttle]) -> Any:
    """Handle what is not throttled of a data request. Raises `ThrottledError`, `TransactionCanceledException`."""
    kind = READ if operation in ("get_item", "query", "scan") or "_get_" in operation else WRITE
    if operation in ("batch_write_item", "batch_get_item"):
        return _handle_batch(handler, handle, throttles, kind)
    for table, throttle, units in _parts(handler, throttles, kind):
        if throttle.refuses(table, kind, units):
            raise _cancelled(handler, table) if "TransactItems" in handler.body else ThrottledError(table, kind)
    answer = handle(handler)
    if kind == READ:
        for table, throttle, _ in _parts(handler, throttles, kind):
            _spend(throttle, table, answer, consistent=bool(handler.body.get("ConsistentRead")))
    return answer


def _handle_batch(handler: Any, handle: Handle, throttles: Mapping[str, Throttle], kind: str) -> Any:
    kept: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for name, asked in handler.body["RequestItems"].items():
        table = handler.dynamodb_backend.get_table(name)
        throttle = throttles.get(table.name)
        parts = asked["Keys"] if kind == READ else asked
        units = [0.5 if kind == READ else _units(part, WRITE) for part in parts]
        is_refused = [throttle is not None and throttle.refuses(table, kind, each) for each in units]
        for chosen, wanted in ((kept, False), (refused, True)):
            some = [part for part, is_out in zip(parts, is_refused, strict=True) if is_out is wanted]
            if some:
                chosen[name] = {**asked, "Keys": some} if kind == READ else some
    if not kept:
        raise ThrottledError(handler.dynamodb_backend.get_table(next(iter(refused))), kind)
    handler.body = handler.params = {**handler.body, "RequestItems": kept}  # what lands late is what is taken now
    answer = handle(handler)
    answer.result["UnprocessedKeys" if kind == READ else "UnprocessedItems"].update(refused)
    return answer


def _parts(handler: Any, throttles: Mapping[str, Throttle], kind: str) -> list[tuple[Any, Throttle, float]]:
    body = handler.body
    parts = [next(iter(part.values())) for part in body["TransactItems"]] if "TransactItems" in body else [body]
    found: list[tuple[Any, Throttle, float]] = []
    for part in parts:
        table = handler.dynamodb_backend.get_table(part["TableName"])
        if table.name in throttles:
            units = _units(part.get("Item"), WRITE) if kind == WRITE else 0.0
            found.append((table, throttles[table.name], units * (1 if part is body else 2)))
    return found


def _spend(throttle: Throttle, table: Any, answer: Any, *, consistent: bool) -> None:
    if throttle.share is None and READ in caps(table):
        throttle.budgets[READ].spend(_units(answer.result, READ) * (1 if consistent else 0.5))


def _units(value: Any, kind: str) -> float:
    return math.ceil(len(item_json.encode(value or {}) or b"{}") / _UNIT_BYTES[kind])


def _cancelled(handler: Any, table: Any) -> TransactionCanceledException:
    """With the table's reason for each of its parts."""
    message = _limit(table)[1]
    names = [next(iter(part.values()))["TableName"] for part in handler.body["TransactItems"]]
    refused = [handler.dynamodb_backend.get_table(name).name == table.name for name in names]
    return TransactionCanceledException(
        [("ThrottlingError", message, None) if it else (None, None, None) for it in refused]
    )


def _limit(table: Any) -> tuple[str, str, str, str]:
    if table.billing_mode != "PAY_PER_REQUEST":
        return _PROVISIONED
    return _CAPPED if caps(table) else _GROWING
