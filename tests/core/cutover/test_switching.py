"""The operator's order, and what is left of a switch that ends at any of its steps."""

import pytest

from tee_infra.client import lease
from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.pointer import Pointer, draining, flipped, preparing, reopened
from tee_infra.core.cutover.switching import (
    Bounds,
    Outcome,
    PointerMovedError,
    SwitchAbortedError,
    place_of,
    resume,
    switch,
)
from tee_infra.errors import BusyError, RemoteError
from tests.core.cutover.switch_model import ORDER
from tests.core.cutover.switch_runner import NOW, KilledError, Slots

BOUNDS = Bounds()
STEPS = 20
"""At least as many as a switch has."""


def begin(slots: Slots):
    return switch("prod", "prod", "prod-v2", slots.journal.version if slots.journal else 0, BOUNDS)


def done_in_words(slots: Slots) -> tuple[str, ...]:
    words: list[str] = []
    for step in slots.done:
        match step:
            case steps.WritePointer(_, after):
                words.append({"PREPARING": "prepare", "DRAINING": "drain begins", "ACTIVE": "flip"}[after.state])
            case steps.Wait(seconds):
                words.append("wait long" if seconds > 1 else "wait short")
            case steps.Drain():
                words.append("drain")
            case steps.ArmReverse():
                words.append("record")
    return tuple(words)


def test_the_order_is_the_one_that_the_model_check_searched() -> None:
    slots = Slots()
    outcome = slots.run(begin(slots))
    assert done_in_words(slots) == ORDER
    assert outcome == Outcome(slot="prod-v2", epoch=7, window_seconds=pytest.approx(0.7), checked_keys=9)
    slots.check()


def test_it_waits_the_clients_own_leases_out() -> None:
    assert (BOUNDS.long_lease, BOUNDS.short_lease) == (lease.LEASES.long, lease.LEASES.short)
    assert BOUNDS.in_flight > 0
    assert BOUNDS.drain + BOUNDS.short_lease + BOUNDS.in_flight < BOUNDS.hold <= lease.LONGEST_DRAIN
    slots = Slots()
    slots.run(begin(slots))
    waits = [step.seconds for step in slots.done if isinstance(step, steps.Wait)]
    assert waits == [5.0 + BOUNDS.in_flight, 0.5 + BOUNDS.in_flight]


def test_the_position_is_durable_before_the_reverse_is_armed() -> None:
    slots = Slots()
    slots.run(begin(slots))
    armed = next(n for n, step in enumerate(slots.done) if isinstance(step, steps.ArmReverse))
    assert any(isinstance(step, steps.WriteJournal) and step.journal.position == "R" for step in slots.done[:armed])


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kill", range(STEPS))
def test_an_operator_that_is_killed_at_any_step_is_resumed(kill: int, late: bool) -> None:
    for again in range(-1, 8):  # the resuming one is killed too
        slots = Slots()
        try:
            slots.run(begin(slots), kill=kill, late=late)
        except KilledError:
            if slots.journal is None:
                continue
            try:
                slots.run(resume(slots.journal), kill=again, late=late)
            except KilledError:
                slots.run(resume(slots.journal))
        slots.check()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("fail", range(1, STEPS))
def test_a_runner_that_fails_at_any_step_leaves_one_slot_open(fail: int, late: bool) -> None:
    slots = Slots()
    try:
        slots.run(begin(slots), fail=fail, late=late)
    except (SwitchAbortedError, RemoteError, BusyError):
        assert slots.pointer.state == "ACTIVE"
        if slots.journal is None:
            assert slots.pointer == Slots().pointer
            return
        if not slots.journal.ended:
            slots.run(resume(slots.journal))
    slots.check()


def test_a_drain_that_a_client_has_ended_is_never_flipped() -> None:
    ends = set()
    for number in range(STEPS):
        slots = Slots()
        ended = []

        def client(now: int, number: int = number, slots: Slots = slots, ended: list[int] = ended) -> None:
            if now == number and slots.pointer.state == "DRAINING":
                slots.pointer = reopened(slots.pointer)
                ended.append(now)

        slots.before = client
        try:
            outcome = slots.run(begin(slots))
        except SwitchAbortedError:
            outcome = None
        assert (outcome is None) == bool(ended)
        slots.check()
        ends.add(bool(ended))
    assert ends == {True, False}


@pytest.mark.parametrize("number", range(8))
def test_a_flip_that_lands_while_the_next_run_resumes_is_finished_or_refused(number: int) -> None:
    slots = Slots()
    pointer = draining(preparing(slots.pointer), NOW, NOW)
    flip = next(
        n for n, step in enumerate(_all_steps()) if isinstance(step, steps.WritePointer) and step.after.epoch == 7
    )
    with pytest.raises(KilledError):
        slots.run(begin(slots), kill=flip)
    assert slots.journal is not None

    def land(now: int) -> None:
        if now == number:
            slots.write(pointer.epoch, flipped(pointer, "prod-v2"))

    slots.before = land
    slots.run(resume(slots.journal))
    slots.check()


def _all_steps() -> list[object]:
    slots = Slots()
    slots.run(begin(slots))
    return slots.done


@pytest.mark.parametrize(
    "problem",
    [{"open_answer": False}, {"drain_answer": False}, {"differences": 1}],
    ids=lambda problem: next(iter(problem)),
)
def test_an_answer_that_is_not_right_aborts(problem: dict) -> None:
    slots = Slots(**problem)
    with pytest.raises(SwitchAbortedError, match="prod is open to writes"):
        slots.run(begin(slots))
    slots.check()


def test_after_an_abort_the_same_switch_succeeds() -> None:
    slots = Slots(drain_answer=False)
    with pytest.raises(SwitchAbortedError):
        slots.run(begin(slots))
    slots.drain_answer = True
    assert slots.run(begin(slots)).slot == "prod-v2"
    slots.check()


def test_a_preparation_that_landed_after_its_switch_was_aborted_is_ended_first() -> None:
    slots = Slots()
    slots.pointer = preparing(slots.pointer)
    assert slots.run(begin(slots)).slot == "prod-v2"


@pytest.mark.parametrize(
    "pointer",
    [
        Pointer(epoch=4, state="ACTIVE", slot="prod-v2"),
        Pointer(epoch=4, state="DRAINING", slot="prod", drain_until=NOW),
        Pointer(epoch=4, state="PREPARING", slot="prod-v3"),
    ],
    ids=str,
)
def test_a_switch_begins_from_its_open_source_only(pointer: Pointer) -> None:
    slots = Slots(pointer=pointer)
    with pytest.raises(PointerMovedError):
        slots.run(begin(slots))
    assert (slots.pointer, slots.journal) == (pointer, None)


@pytest.mark.parametrize("number", range(1, STEPS))
def test_an_operator_whose_journal_another_run_has_changes_no_pointer_afterwards(number: int) -> None:
    """The other run has aborted this switch and begun its own."""
    slots = Slots()
    other = Pointer(epoch=10, state="PREPARING", slot="prod")

    def intrude(now: int) -> None:
        if now == number and slots.pointer.slot == "prod":
            slots.pointer = other
            journal = slots.journal
            slots.journal = steps.Journal(
                environment="prod",
                source="prod",
                target="prod-v2",
                epoch=9,
                version=(journal.version if journal else 0) + 7,
            )

    slots.before = intrude
    try:
        slots.run(begin(slots))
    except (PointerMovedError, BusyError):
        assert slots.pointer == other
    else:
        slots.check()


@pytest.mark.parametrize(("epoch", "slot", "end"), [(7, "prod-v2", "finished"), (7, "prod", "aborted")])
def test_a_journal_that_an_earlier_version_left_after_its_flip_is_ended_as_the_pointer_says(
    epoch: int, slot: str, end: str
) -> None:
    journal = steps.Journal(
        environment="prod", source="prod", target="prod-v2", epoch=4, version=4, step="fence", position="R"
    )
    slots = Slots(pointer=Pointer(epoch=epoch, state="ACTIVE", slot=slot), journal=journal)
    slots.run(resume(journal))
    assert slots.journal is not None
    assert (slots.journal.step, slots.pointer.slot) == (end, slot)


def test_every_place_of_a_pointer() -> None:
    journal = steps.Journal(environment="prod", source="prod", target="prod-v2", epoch=4)
    active = Pointer(epoch=4, state="ACTIVE", slot="prod")
    drained = draining(preparing(active), NOW, NOW)
    places = {
        active: "open",
        preparing(active): "between",
        drained: "between",
        reopened(preparing(active)): "open",
        reopened(drained): "open",
        flipped(drained, "prod-v2"): "flipped",
        flipped(drained, "prod-v3"): "elsewhere",
        Pointer(epoch=8, state="ACTIVE", slot="prod-v2"): "elsewhere",
        Pointer(epoch=3, state="ACTIVE", slot="prod"): "elsewhere",
        Pointer(epoch=7, state="PREPARING", slot="prod"): "elsewhere",
        Pointer(epoch=5, state="ACTIVE", slot="prod"): "elsewhere",
    }
    assert {pointer: place_of(pointer, journal) for pointer in places} == places
