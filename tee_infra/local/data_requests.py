"""What happens to a data request of DynamoDB on its way: a table's policy may deny it, and a fault concern it."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, Final

from tee_infra.local.faults import faults
from tee_infra.local.late_writes import landing
from tee_infra.local.table_policies import require_allowed
from tee_infra.local.throttling import handle_throttled

Handle = Callable[[Any], Any]
READS: Final = ("get_item", "batch_get_item", "transact_get_items", "query", "scan")
WRITES: Final = ("put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items")
STATEMENTS: Final = ("execute_statement", "batch_execute_statement", "execute_transaction")
"""PartiQL: policies of tables concern it, faults do not."""


def apply(handler: Any) -> None:
    """Change moto's class; before `item_refusals`: what DynamoDB refuses has no other fate."""
    for operation in (*READS, *WRITES, *STATEMENTS):
        setattr(handler, operation, _on_its_way(operation, getattr(handler, operation)))


def tables_of(body: Mapping[str, Any]) -> Iterator[str]:
    """The tables that a data request names, by name or ARN."""
    if "TableName" in body:
        yield body["TableName"]
    yield from body.get("RequestItems", ())
    for part in body.get("TransactItems", ()):
        yield from (action["TableName"] for action in part.values())


def _on_its_way(operation: str, handle: Handle) -> Handle:
    @wraps(handle)
    def pass_on(handler: Any) -> Any:
        if "has_landed" in handler.__dict__:  # was allowed when it was sent
            return handle(handler)
        require_allowed(handler, operation)
        if not faults.are_set() or operation in STATEMENTS:
            return handle(handler)
        names = {name.rpartition("/")[2] for name in tables_of(handler.body)}
        if names & faults.throttled.keys():
            return handle_throttled(handler, operation, _delayed(operation, handle, names), faults.throttled)
        return _delayed(operation, handle, names)(handler)

    return pass_on


def _delayed(operation: str, handle: Handle, names: set[str]) -> Handle:
    def delay_or_handle(handler: Any) -> Any:
        for name in sorted(names & faults.late.keys()) if operation in WRITES else ():
            if faults.late[name].share.takes():
                landing.delay(handler, faults.late[name])
        return handle(handler)

    return delay_or_handle
