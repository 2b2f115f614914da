"""The switch as written keeps its invariant in every interleaving; without any one of its rules it does not."""

import pytest

from tee_infra.client.lease import Leases
from tests.core.cutover.switch_model import LEASES, NEW, OLD, ORDER, Protocol, search


def without(step: str) -> tuple[str, ...]:
    return tuple(other for other in ORDER if other != step)


BROKEN = {
    "no wait for the long lease": ("doubly open", Protocol(order=without("wait long"))),
    "no wait for the short lease": ("doubly open", Protocol(order=without("wait short"))),
    "no drain": ("lost", Protocol(order=without("drain"))),
    "a flip without a condition": ("doubly open", Protocol(unconditional="flip")),
    "an abort without a condition": ("doubly open", Protocol(unconditional="abort")),
    "an end of the drain without a condition": ("doubly open", Protocol(unconditional="end of the drain")),
    "a reverse that is armed after the flip": ("lost by a rollback", Protocol(order=(*without("record"), "record"))),
    "a drain before the clients hold their writes": (
        "lost",
        Protocol(order=("prepare", "wait long", "drain", "drain begins", "wait short", "record", "flip")),
    ),
    "late writes that are taken for acknowledged": ("lost", Protocol(late=True, careless=True)),
    "clients that do not shorten their lease": (
        "doubly open",
        Protocol(leases=Leases(long=LEASES.long, short=LEASES.long)),
    ),
}


def test_as_written_no_write_is_lost_and_one_slot_is_open() -> None:
    outcome = search(Protocol())
    assert outcome.problem is None, outcome.way
    ends = {(world.pointer.slot, client.write) for world in outcome.worlds for client in world.clients}
    assert {(NEW, "copied"), (NEW, "landed in new"), (OLD, "landed in old")} <= ends


def test_an_acknowledged_write_is_not_lost_however_long_it_takes() -> None:
    outcome = search(Protocol(late=True))
    assert outcome.problem is None, outcome.way
    assert {"uncertain", "landed in new"} <= {client.write for world in outcome.worlds for client in world.clients}


@pytest.mark.parametrize("rule", BROKEN)
def test_without_one_rule_a_violation_is_found(rule: str) -> None:
    assert search(BROKEN[rule][1]).problem == BROKEN[rule][0]
