"""The client and the operator read and change one item in one way."""

import pytest
from boto3.dynamodb.types import TypeSerializer

from tee_infra.client import lease
from tee_infra.client.pointer_item import TABLE, UnreadableError, parse
from tee_infra.core import names
from tee_infra.core.cutover import pointer as operator
from tests.core.cutover.test_pointer import ACTIVE, DRAINING, ITEM, PREPARING, UNREADABLE


def wire(item: dict) -> dict:
    return {name: TypeSerializer().serialize(value) for name, value in item.items() if not isinstance(value, float)}


@pytest.mark.parametrize("pointer", [ACTIVE, PREPARING, DRAINING], ids=lambda pointer: pointer.state)
def test_the_client_reads_what_the_operator_writes(pointer: operator.Pointer) -> None:
    read = parse(wire(operator.pointer_item(pointer, "prod")), "prod")
    until = pointer.drain_until.timestamp() if pointer.drain_until else None
    assert read == lease.Pointer(pointer.epoch, pointer.state, pointer.slot, until)


@pytest.mark.parametrize("item", UNREADABLE, ids=str)
def test_the_client_refuses_what_the_operator_refuses(item: dict) -> None:
    with pytest.raises(UnreadableError):
        parse(wire(item), "prod")


def test_both_end_a_drain_alike() -> None:
    after = operator.reopened(DRAINING)
    assert lease.ended(parse(wire(ITEM), "prod")) == lease.Pointer(after.epoch, after.state, after.slot)


def test_both_have_the_same_table_key_names_and_bounds() -> None:
    assert names.CONTROL_TABLE == TABLE
    assert operator.LONGEST_DRAIN.total_seconds() == lease.LONGEST_DRAIN
    assert names.table("prod-v2", "tee-admin") == lease.table_name("prod-v2", "tee-admin")


@pytest.mark.parametrize(
    ("state", "age", "permitted"),
    [
        ("ACTIVE", 4.99, True),
        ("ACTIVE", 5.0, False),
        ("PREPARING", 0.49, True),
        ("PREPARING", 0.5, False),
        ("DRAINING", 0.0, False),
        ("PAUSED", 0.0, False),
        ("ACTIVE", -0.1, False),
    ],
)
def test_a_lease_is_as_long_as_its_state_allows(state: str, age: float, permitted: bool) -> None:
    assert lease.LEASES.permit(lease.Pointer(1, state, "prod"), age) is permitted
