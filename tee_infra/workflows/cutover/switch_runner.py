"""Carries out the steps of a switch: one short function for each that does more than one call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tee_infra.aws.control_switch import Pointers, SwitchJournals
from tee_infra.aws.control_tail import Armed, TailItems
from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.cutover.switching import Outcome, Steps
from tee_infra.errors import RefusedError, TeeInfraError
from tee_infra.workflows.control.environment_lock import LockHandle
from tee_infra.workflows.cutover.context import CutoverContext

_STOP_SECONDS: Final = 2.0


class Forward(Protocol):
    """The replication from the old slot to the new one, in this process."""

    def drain(self, seconds: float) -> bool:
        """Whether the new slot has within `seconds` all that the old one had acknowledged."""
        ...

    def compare_dirtied(self) -> steps.Compared:
        """Compare the keys that changed since the last clean comparison."""
        ...

    def stop(self, seconds: float) -> bool:
        """End it; its journal stays. Whether it ended in time: otherwise a write of it may still be under way."""
        ...


@dataclass(frozen=True, kw_only=True)
class SwitchRunner:
    """What the steps need. `tip` reads where the new slot's streams end; `probe` whether writes to it are let through.

    `check` raises once this run has lost its lock. `forward` is None where a switch is only ended. `report` is told
    what it means for the app, for people.
    """

    pointers: Pointers
    journals: SwitchJournals
    tail: TailItems
    source: str
    target: str
    forward: Forward | None
    tip: Callable[[], str]
    probe: Callable[[], bool]
    check: Callable[[], None]
    report: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def do(self, step: steps.Effect) -> Any:  # noqa: C901, PLR0911  # one case for each step
        """The answer to a step. Raises `TeeInfraError`, which goes into the generator."""
        match step:
            case steps.ReadPointer():
                return self.pointers.read()[0]
            case steps.WritePointer(before, after):
                self.check()
                return self._move(before, after)
            case steps.WriteJournal(journal):
                self.check()
                return self.journals.write(journal)
            case steps.Wait(seconds):
                return self.sleep(seconds)
            case steps.ReadClocks():
                return steps.Clocks(aws=self.pointers.read()[1], seconds=self.clock())
            case steps.ProbeNewSlot():
                return self.probe()
            case steps.Drain(seconds):
                return self._forward.drain(seconds)
            case steps.Compare():
                return self._forward.compare_dirtied()
            case steps.RecordPosition():
                return self.tip()
            case steps.StopForward():
                return self._stop_forward()
            case steps.ArmReverse(epoch, position):
                return self._arm(epoch, position)
            case steps.DisarmReverse(epoch):
                return self.tail.disarm(epoch)

    @property
    def _forward(self) -> Forward:
        if self.forward is None:
            raise RefusedError("the replication does not run in this process")
        return self.forward

    def _move(self, before: Pointer, after: Pointer) -> bool:
        landed = self.pointers.write(before, after)
        self.report(_told(before, after) if landed else f"the change to {after.state} was refused")
        return landed

    def _stop_forward(self) -> None:
        """A write of it that lands after the flip would undo one of the app's."""
        if not self._forward.stop(_STOP_SECONDS):
            raise RefusedError("the replication did not stop in time")

    def _arm(self, epoch: int, position: str) -> None:
        """Without a position nothing follows: a rollback that gave writes up has made the slots different."""
        self.tail.arm(Armed(epoch=epoch, source=self.target, target=self.source, position=position or None))


def runner_for(
    context: CutoverContext,
    journals: SwitchJournals,
    lock: LockHandle,
    slots: tuple[str, str],
    *,
    forward: Forward | None = None,
    position: str = "",
) -> SwitchRunner:
    """The runner from one slot to another. `position`: where the way back begins; without `forward` none is needed."""
    source, target = slots
    return SwitchRunner(
        pointers=context.pointers,
        journals=journals,
        tail=context.tail,
        source=source,
        target=target,
        forward=forward,
        tip=lambda: position,
        probe=lambda: all(context.is_writable(table) for table in tables_of(target).values()),
        check=lock.check,
        report=context.report,
    )


def _told(before: Pointer, after: Pointer) -> str:
    match after.state:
        case "PREPARING":
            return f"epoch {after.epoch}: PREPARING; the app writes to {after.slot} and renews its lease often"
        case "DRAINING":
            return f"epoch {after.epoch}: DRAINING; the app holds its writes from now on"
        case _ if before.slot == after.slot:
            return f"epoch {after.epoch}: ACTIVE; {after.slot} is open again"
        case _:
            return f"epoch {after.epoch}: ACTIVE; {after.slot} is open, the app writes again"


def carry_out(switching: Steps, runner: SwitchRunner) -> Outcome:
    """Run the steps to their end. An error of the runner, and Ctrl-C, is thrown into the generator, which aborts.

    Raises what the generator raises.
    """
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            step = switching.throw(error) if error else switching.send(answer)
        except StopIteration as end:
            return end.value
        answer = error = None
        try:
            answer = runner.do(step)
        except TeeInfraError as failure:
            error = failure
        except KeyboardInterrupt:
            error = InterruptedSwitchError()


class InterruptedSwitchError(RefusedError):
    """Ctrl-C during a switch."""

    def __init__(self) -> None:
        super().__init__("it was interrupted")
