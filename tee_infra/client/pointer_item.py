"""The pointer in the control table: read strictly, and changed in one way only, by the end of an expired drain.

`tee_infra.core.cutover.pointer` writes the same item; `tests/client/test_pointer_item.py` compares the two.
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from tee_infra.client.lease import Pointer, ended
from tee_infra.client.raw_calls import RawCalls

TABLE: Final = "tee-control"
_STATES: Final = ("ACTIVE", "PREPARING", "DRAINING")
SLOT: Final = re.compile(r"legacy|prod(-v[1-9][0-9]{0,3})?|staging|dev|test|feature-[a-z0-9-]{1,32}")
"""The names before a table's, and the bare names' own."""
_EPOCH: Final = re.compile(r"[1-9][0-9]{0,30}", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,}(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)


class UnreadableError(Exception):
    """The item is not one that this version knows, or the answer is not DynamoDB's."""


def read_pointer(calls: RawCalls, environment: str) -> tuple[Pointer | None, float]:
    """The pointer, None without an item or a control table; and AWS's time in seconds since 1970, from its answer.

    Raises `UnreadableError`, and botocore's errors.
    """
    try:
        key = {"TableName": TABLE, "Key": _key(environment)}
        answer, now = calls.send("get_item", key | {"ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"})
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        return None, time.time()
    if "ConsumedCapacity" not in answer:  # DynamoDB sends it when it is asked to; an empty answer means nothing
        raise UnreadableError("the reply is not DynamoDB's: it has no ConsumedCapacity")
    item = answer.get("Item")
    return (None if item is None else parse(item, environment)), now or time.time()


def end_drain(calls: RawCalls, environment: str, pointer: Pointer) -> None:
    """Open the old slot again, unless the drain has already ended in one way or the other. Raises botocore's errors."""
    after = ended(pointer)
    try:
        update = {
            "TableName": TABLE,
            "Key": _key(environment),
            "UpdateExpression": "SET #epoch = :after, #state = :active REMOVE #until",
            "ConditionExpression": "#epoch = :epoch AND #state = :draining",
            "ExpressionAttributeNames": {"#epoch": "epoch", "#state": "state", "#until": "drain_until"},
            "ExpressionAttributeValues": {
                ":after": {"N": str(after.epoch)},
                ":active": {"S": after.state},
                ":epoch": {"N": str(pointer.epoch)},
                ":draining": {"S": pointer.state},
            },
        }
        calls.send("update_item", update)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise


def parse(item: Mapping[str, Any], environment: str) -> Pointer:
    """The pointer in an item in DynamoDB's JSON. Raises `UnreadableError` if this version writes no such item."""
    members = {"pk", "sk", "epoch", "state", "slot"}
    state = _text(item, "state", "S")
    if state not in _STATES:
        raise UnreadableError(f"the state {state!r} is not known to this version")
    if set(item) != (members | {"drain_until"} if state == "DRAINING" else members):
        raise UnreadableError(f"its members are {', '.join(sorted(item))}")
    if {name: item[name] for name in ("pk", "sk")} != _key(environment):
        raise UnreadableError("it is another item")
    epoch, slot = _text(item, "epoch", "N"), _text(item, "slot", "S")
    if not _EPOCH.fullmatch(epoch):
        raise UnreadableError(f"the epoch {epoch!r} is not a positive whole number")
    if not SLOT.fullmatch(slot):
        raise UnreadableError(f"the slot {slot!r} is not known to this version")
    return Pointer(int(epoch), state, slot, _time(_text(item, "drain_until", "S")) if state == "DRAINING" else None)


def partition_key(environment: str) -> str:
    """The only partition of the control table that the app may read and update."""
    return f"pointer#{environment}"


def _key(environment: str) -> dict[str, Any]:
    return {"pk": {"S": partition_key(environment)}, "sk": {"S": "pointer"}}


def _text(item: Mapping[str, Any], name: str, kind: str) -> str:
    wire = item.get(name)
    if not isinstance(wire, dict) or wire.keys() != {kind} or not isinstance(wire[kind], str):
        raise UnreadableError(f"its {name} is missing or of another type")
    return wire[kind]


def _time(text: str) -> float:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text).timestamp()
    except ValueError:
        pass
    raise UnreadableError(f"drain_until {text!r} is not a timestamp")
