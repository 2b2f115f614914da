"""Lanes: one copy of a key at a time, and a ticket only once every copy that it needs has ended."""

from tee_infra.core.cutover.lanes import Lanes, lane_of

NOTHING: frozenset[bytes] = frozenset()


def test_a_key_that_comes_during_its_copy_is_copied_again() -> None:
    lanes = Lanes(1)
    first = lanes.add([b"a"])
    assert lanes.take(0, 25) == (b"a",)
    second = lanes.add([b"a"])
    lanes.settle(0, NOTHING)
    assert first.done
    assert not second.done
    assert lanes.take(0, 25) == (b"a",)
    lanes.settle(0, NOTHING)
    assert second.done
    assert not lanes.holds(b"a")


def test_a_key_that_failed_keeps_its_tickets() -> None:
    lanes = Lanes(1)
    ticket = lanes.add([b"a", b"b"])
    assert set(lanes.take(0, 25)) == {b"a", b"b"}
    later = lanes.add([b"a"])
    lanes.settle(0, frozenset([b"a"]))
    assert (ticket.open, later.open) == (1, 1)
    assert lanes.take(0, 25) == (b"a",)
    lanes.settle(0, NOTHING)
    assert ticket.done
    assert later.done


def test_many_events_of_a_key_are_one_copy() -> None:
    lanes = Lanes(1)
    tickets = [lanes.add([b"a", b"a"]) for _ in range(5)]
    assert lanes.take(0, 25) == (b"a",)
    lanes.settle(0, NOTHING)
    assert all(ticket.done for ticket in tickets)
    assert not lanes.waits(0)


def test_a_batch_is_bounded_and_the_rest_stays_in_order() -> None:
    lanes, keys = Lanes(1), [b"%d" % number for number in range(60)]
    for key in keys:
        lanes.add([key])
    taken: list[bytes] = []
    while lanes.waits(0):
        batch = lanes.take(0, 25)
        assert len(batch) <= 25
        taken += batch
        lanes.settle(0, NOTHING)
    assert taken == keys


def test_a_key_has_the_same_lane_in_every_process() -> None:
    assert [lane_of(b"%d" % number, 8) for number in range(6)] == [1, 7, 5, 3, 0, 6]
    assert len({lane_of(b"%d" % number, 8) for number in range(100)}) == 8


def test_a_watch_counts_copies_of_its_key_only() -> None:
    lanes = Lanes(1)
    with lanes.watch(b"a") as watch, lanes.watch(b"a") as other:
        for key in (b"a", b"b", b"a"):
            lanes.add([key])
            lanes.take(0, 1)
            lanes.settle(0, NOTHING)
        assert (watch.copies, other.copies) == (2, 2)
