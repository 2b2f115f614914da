"""Warm throughput as AWS raises it, in the serving process.

AWS takes an increase at once and refuses a decrease; the table stays ACTIVE, and DescribeTable has the values before
with `Status` UPDATING until the increase is complete, for minutes. A request in between replaces the one before.
(Its documentation, Understanding DynamoDB warm throughput.) moto 5.2.5 takes every value, has it at once, and forgets
the member that a request leaves out. Here an increase takes `SECONDS`.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import MockValidationException, ResourceNotFoundException

SECONDS: Final = 1.0
MOST: Final = 40_000
"""Of a table or an index, reads and writes each: the default quota of an account."""
MEMBERS: Final = ("ReadUnitsPerSecond", "WriteUnitsPerSecond")
Handle = Callable[[Any], Any]


def raising(handle: Handle) -> Handle:
    """UpdateTable: moto is not shown what it would take at once."""

    def check_and_handle(handler: Any) -> Any:
        table = handler.dynamodb_backend.get_table(handler.body["TableName"])
        settle(table)
        asked = list(_asked(handler.body, table))
        for part, wanted, what in asked:
            _check(part.warm_throughput, wanted, what, handler.region)
        handler.body.pop("WarmThroughput", None)
        for change in handler.body.get("GlobalSecondaryIndexUpdates") or []:
            change.get("Update", {}).pop("WarmThroughput", None)
        for part, wanted, _ in asked:
            part.raised = {"to": part.warm_throughput | wanted, "due": time.time() + SECONDS}
        settle(table)
        return handle(handler)

    return check_and_handle


def settle(table: Any) -> None:
    """Give the table and its indexes the values that are due now."""
    for part in (table, *table.global_indexes):
        raised = part.__dict__.get("raised")
        if raised is not None:
            is_due = time.time() >= raised["due"]
            part.warm_throughput = (raised["to"] if is_due else part.warm_throughput) | {
                "Status": "ACTIVE" if is_due else "UPDATING"
            }
            if is_due:
                del part.raised


def _asked(body: dict[str, Any], table: Any) -> Iterator[tuple[Any, dict[str, int], str]]:
    """What a request raises, to what, and its name in an error."""
    if "WarmThroughput" in body:
        yield table, body["WarmThroughput"], "table"
    indexes = {index.name: index for index in table.global_indexes}
    for change in body.get("GlobalSecondaryIndexUpdates") or []:
        update = change.get("Update", {})
        if "WarmThroughput" in update:
            name = update["IndexName"]
            if name not in indexes:
                raise ResourceNotFoundException(
                    msg=f"Requested resource not found: Index {name} for table {table.name}"
                )
            yield indexes[name], update["WarmThroughput"], f"index {name}"


def _check(present: dict[str, Any], wanted: dict[str, int], what: str, region: str) -> None:
    if not wanted:
        raise MockValidationException(
            "One or more parameter values were invalid: WarmThroughput must have at least one of "
            f"{' or '.join(MEMBERS)} specified for {what}"
        )
    for member in MEMBERS:
        units = wanted[member] if member in wanted else present[member]
        if units < present[member]:
            raise MockValidationException(
                f"One or more parameter values were invalid: Requested {member} for WarmThroughput for {what} is "
                "lower than current WarmThroughput, decreasing WarmThroughput is not supported"
            )
        if units > MOST:
            quota = f"TableMax{member.removesuffix('UnitsPerSecond')}CapacityUnits"
            raise JsonRESTError(
                "com.amazonaws.dynamodb.v20120810#LimitExceededException",
                f"Subscriber limit exceeded: Requested {member} for WarmThroughput for {what} exceeds {quota} of the "
                f"account in region {region}",
            )
