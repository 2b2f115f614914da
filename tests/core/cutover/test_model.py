"""Each way to replicate, judged over every interleaving of one key: why the protocol is what it is."""

import pytest

from tests.support.cutover_model import Position, Protocol, verdict

BEFORE = Position.BEFORE


@pytest.mark.parametrize(
    "protocol",
    [Protocol(Position.NEVER), Protocol(Position.AFTER), Protocol(Position.AFTER, barrier=True, read_through=True)],
    ids=["scan only", "stream after the scan", "read-through after the scan"],
)
def test_a_late_position_loses_writes(protocol: Protocol) -> None:
    assert "lost" in verdict(protocol)


@pytest.mark.parametrize("put_if_absent", [False, True])
@pytest.mark.parametrize("read_through", [False, True])
def test_events_applied_during_the_copy_resurrect_deleted_items(put_if_absent: bool, read_through: bool) -> None:
    protocol = Protocol(BEFORE, put_if_absent=put_if_absent, read_through=read_through)
    assert "resurrected" in verdict(protocol)


def test_replay_in_order_behind_a_barrier_is_correct() -> None:
    assert verdict(Protocol(BEFORE, barrier=True)) == set()


def test_replay_out_of_order_is_not() -> None:
    assert verdict(Protocol(BEFORE, barrier=True, disorder=True)) == {"lost", "resurrected"}


@pytest.mark.parametrize("disorder", [False, True])
def test_a_read_through_tail_behind_a_barrier_is_correct_in_any_order(disorder: bool) -> None:
    assert verdict(Protocol(BEFORE, barrier=True, read_through=True, disorder=disorder)) == set()
