"""The runner on a control table: an operator that is killed, fails or is interrupted at any step, and two at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import JournalMovedError, Pointers, StoredJournal, SwitchJournals
from tee_infra.aws.control_tail import Armed, TailItems
from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.pointer import Pointer, reopened
from tee_infra.core.cutover.switching import Bounds, Outcome, PointerMovedError, SwitchAbortedError, resume, switch
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RemoteError
from tee_infra.workflows.cutover.switch_runner import InterruptedSwitchError, SwitchRunner, carry_out
from tests.support.control_client import ControlClient

STEPS = range(21)
"""At least as many as a switch has."""


class KilledError(BaseException):
    """The operator's process has ended."""


@dataclass
class Replication:
    running: bool = True
    caught_up: bool = True
    differences: int = 0
    stops: bool = True

    def drain(self, seconds: float) -> bool:
        assert seconds > 0
        return self.running and self.caught_up

    def compare_dirtied(self) -> steps.Compared:
        return steps.Compared(keys=9, differences=self.differences)

    def stop(self, seconds: float) -> bool:
        assert seconds > 0
        self.running = not self.stops
        return self.stops


@dataclass
class Operators:
    """Runs of a switch of prod, one after the other, on one control table."""

    items: ControlItems
    now: float = 100.0
    forward: Replication = field(default_factory=Replication)
    before: Callable[[int], object] = lambda number: None

    def run(self, *, fail: BaseException | None = None, at: int = -1, late: bool = False) -> Outcome:
        """End an unfinished switch, or switch. `fail` is raised at step `at`, `late`: after its effect."""
        journals = SwitchJournals(self.items, "prod")
        stored = journals.read()
        last = stored.journal if isinstance(stored, StoredJournal) else None
        runner = SwitchRunner(
            pointers=Pointers(self.items, "prod"),
            journals=journals,
            tail=TailItems(self.items, "prod"),
            source="prod",
            target="prod-v2",
            forward=self.forward,
            tip=lambda: "R",
            probe=lambda: True,
            check=lambda: None,
            sleep=self.sleep,
            clock=lambda: self.now,
        )
        if last is not None and not last.ended:
            return carry_out(resume(last), runner)
        version = last.version if last else 0
        failing = Failing(runner, self.before, fail, at, late)
        return carry_out(switch("prod", "prod", "prod-v2", version, Bounds()), failing)  # pyright: ignore[reportArgumentType]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pointer(self) -> Any:
        return Pointers(self.items, "prod").read()[0]

    def ended(self) -> bool:
        stored = SwitchJournals(self.items, "prod").read()
        return isinstance(stored, StoredJournal) and stored.journal.ended

    def check(self) -> None:
        """One slot is open, and everything is as it must be for it."""
        stored, pointer, armed = (
            SwitchJournals(self.items, "prod").read(), self.pointer(), TailItems(self.items, "prod").armed()
        )  # fmt: skip
        assert pointer.state == "ACTIVE"
        assert isinstance(stored, StoredJournal)
        if pointer.slot == "prod-v2":
            assert stored.journal.step == "finished"
            assert armed == Armed(epoch=pointer.epoch - 1, source="prod-v2", target="prod", position="R")
        else:
            assert stored.journal.step == "aborted"
            assert armed is None or (isinstance(armed, Armed) and armed.position is None)


@dataclass
class Failing:
    runner: SwitchRunner
    before: Callable[[int], object]
    error: BaseException | None
    at: int
    late: bool
    number: int = 0

    def do(self, step: steps.Effect) -> Any:
        number, self.number = self.number, self.number + 1
        self.before(number)
        if number != self.at or self.error is None:
            return self.runner.do(step)
        if self.late:
            self.runner.do(step)
        raise self.error


def operators() -> Operators:
    return Operators(ControlClient().control())


def test_a_switch_ends_with_the_new_slot_open_and_the_way_back_armed() -> None:
    run = operators()
    assert run.run() == Outcome(slot="prod-v2", epoch=3, window_seconds=pytest.approx(0.7), checked_keys=9)
    run.check()
    assert not run.forward.running


@pytest.mark.parametrize("late", [False, True])
def test_what_an_operator_killed_at_any_step_leaves_is_ended_by_the_next(late: bool) -> None:
    ends = set()
    for at in STEPS:
        run = operators()
        try:
            run.run(fail=KilledError(), at=at, late=late)
        except KilledError:
            if run.pointer().slot == "prod" or not run.ended():
                run.run()
        run.check()
        ends.add(run.pointer().slot)
    assert ends == {"prod", "prod-v2"}


@pytest.mark.parametrize("error", [RemoteError("the connection was closed"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("late", [False, True])
def test_a_failure_and_ctrl_c_at_any_step_abort_or_finish_the_switch(error: BaseException, late: bool) -> None:
    for at in STEPS:
        run = operators()
        try:
            run.run(fail=error, at=at, late=late)
        except (SwitchAbortedError, RemoteError, InterruptedSwitchError):
            stored = SwitchJournals(run.items, "prod").read()
            if stored is None:
                assert run.pointer() == Pointer(epoch=0, state="ACTIVE", slot="prod")
                continue
            assert isinstance(stored, StoredJournal)
            if not stored.journal.ended:
                run.run()
        run.check()


def test_a_replication_that_does_not_catch_up_differs_or_does_not_stop_leaves_the_old_slot_open() -> None:
    for forward in (Replication(caught_up=False), Replication(differences=1), Replication(stops=False)):
        run = Operators(ControlClient().control(), forward=forward)
        with pytest.raises(SwitchAbortedError, match="prod is open to writes"):
            run.run()
        run.check()
        assert run.pointer().slot == "prod"
        run.forward = Replication()
        run.run()
        run.check()
        assert run.pointer().slot == "prod-v2"


def test_of_two_operators_at_any_moment_one_switches_and_the_other_is_refused() -> None:
    """Without the lock, as after one of them lost it."""
    for number in STEPS:
        run = operators()
        others: list[object] = []

        def second(now: int, number: int = number, run: Operators = run, others: list[object] = others) -> None:
            if now == number and not others:
                others.append(None)
                run.before = lambda _: None
                try:
                    others[0] = Operators(run.items).run()
                except (PointerMovedError, SwitchAbortedError, JournalMovedError) as error:
                    others[0] = error

        run.before = second
        try:
            first: object = run.run()
        except (PointerMovedError, SwitchAbortedError, JournalMovedError) as error:
            first = error
        stored = SwitchJournals(run.items, "prod").read()
        if isinstance(stored, StoredJournal) and not stored.journal.ended:
            Operators(run.items).run()
        run.check()
        switched = [end for end in (first, *others) if isinstance(end, Outcome) and end.window_seconds is not None]
        assert len(switched) <= 1, (number, first, others)


def test_an_operator_whose_drain_was_ended_by_a_client_does_not_flip() -> None:
    for number in STEPS:
        run = operators()

        def client(now: int, number: int = number, run: Operators = run) -> None:
            pointer = run.pointer()
            if now == number and pointer.state == "DRAINING":
                assert Pointers(run.items, "prod").write(pointer, reopened(pointer))

        run.before = client
        try:
            run.run()
        except SwitchAbortedError:
            assert run.pointer().slot == "prod"
        run.check()


def test_a_pointer_that_cannot_be_read_is_not_changed() -> None:
    control = ControlClient()
    item = {"pk": {"S": "pointer#prod"}, "sk": {"S": "pointer"}, "epoch": {"N": "4"}, "state": {"S": "PAUSED"}}
    control.items["pointer#prod", "pointer"] = item | {"slot": {"S": "prod"}}
    run = Operators(control.control())
    with pytest.raises(PointerMovedError, match="cannot be read"):
        run.run()
    assert isinstance(run.pointer(), Unreadable)
    assert SwitchJournals(run.items, "prod").read() is None
