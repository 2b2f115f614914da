"""Whom a tail follows: the open slot into the one before it after a switch, and into the next one before."""

import pytest

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.tail_role import tail_role
from tee_infra.core.unreadable import Unreadable

ALL = ("legacy", "prod", "prod-v2", "prod-v3")


def is_open(slot: str) -> Pointer:
    return Pointer(epoch=3, state="ACTIVE", slot=slot)


@pytest.mark.parametrize(
    ("slot", "armed", "slots", "target"),
    [
        ("prod", None, ("prod", "prod-v2"), "prod-v2"),
        ("legacy", None, ALL, "prod"),
        ("prod-v2", None, ("prod", "prod-v2"), "prod"),
        ("prod-v2", ("prod-v2", "prod"), ALL, "prod"),
        ("prod", ("prod-v2", "prod"), ("prod", "prod-v2"), "prod-v2"),
        ("prod", ("prod", "prod-v2"), ALL, "prod-v2"),
        ("prod-v2", ("prod", "prod-v2"), ("prod-v2", "prod-v3"), "prod-v3"),
    ],
)
def test_the_open_slot_is_followed_into_the_armed_one_otherwise_into_the_next(
    slot: str, armed: tuple[str, str] | None, slots: tuple[str, ...], target: str
) -> None:
    role = tail_role(is_open(slot), armed, slots, switching=False)
    assert (role.source, role.target, role.waits) == (slot, target, "")
    assert role.armed == (armed is not None and armed[0] == slot)


@pytest.mark.parametrize("state", ["PREPARING", "ACTIVE"])
def test_it_stands_by_while_a_switch_runs_and_knows_both_slots(state: str) -> None:
    pointer = Pointer.model_validate({"epoch": 3, "state": state, "slot": "prod"})
    role = tail_role(pointer, None, ("prod", "prod-v2"), switching=state == "ACTIVE")
    assert role.waits
    assert {role.source, role.target} == {"prod", "prod-v2"}


def test_it_follows_nothing_that_it_does_not_know() -> None:
    assert tail_role(Unreadable(reason="the pointer cannot be read"), None, ALL, switching=False).waits
    role = tail_role(is_open("prod"), None, ("prod",), switching=False)
    assert (role.target, bool(role.waits)) == (None, True)
