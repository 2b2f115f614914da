"""A runner of a switch in memory, which can be killed, fail, or meet other writers of the pointer at any step."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.errors import BusyError, RemoteError

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class KilledError(Exception):
    """The operator's process has ended."""


@dataclass
class Slots:
    """The pointer, the journal and the tails. `before`: called with each step's number."""

    pointer: Pointer = Pointer(epoch=4, state="ACTIVE", slot="prod")  # noqa: RUF009  # it is immutable
    journal: steps.Journal | None = None
    forward: bool = True
    reverse: tuple[int, str] | None = None
    open_answer: bool = True
    drain_answer: bool = True
    differences: int = 0
    seconds: float = 100.0
    done: list[Any] = field(default_factory=list)
    before: Callable[[int], None] = lambda number: None

    def run(self, generator: Generator[Any, Any, Any], *, kill: int = -1, fail: int = -1, late: bool = False) -> Any:
        """Run it. At step `kill` the process ends, at step `fail` the runner does; `late`: after the step's effect."""
        answer: Any = None
        error: Exception | None = None
        number = 0
        while True:
            try:
                step = generator.throw(error) if error else generator.send(answer)
            except StopIteration as stop:
                return stop.value
            error = None
            self.before(number)
            hit = number in (kill, fail)
            if not hit or late:
                answer = self.apply(step)
            if number == kill:
                raise KilledError
            if number == fail:
                error = RemoteError("the connection was closed")
            number += 1

    def apply(self, step: Any) -> Any:  # noqa: C901, PLR0911, PLR0912  # one case for each step
        self.done.append(step)
        match step:
            case steps.ReadPointer():
                return self.pointer
            case steps.WritePointer(before, after):
                return self.write(before.epoch, after)
            case steps.WriteJournal(journal):
                if journal.version != (self.journal.version if self.journal else 0) + 1:
                    raise BusyError("another run has the journal")
                self.journal = journal
            case steps.Wait(seconds):
                self.seconds += seconds
            case steps.ReadClocks():
                return steps.Clocks(aws=NOW, seconds=self.seconds)
            case steps.ProbeNewSlot():
                return self.open_answer
            case steps.Drain():
                return self.drain_answer
            case steps.Compare():
                return steps.Compared(keys=9, differences=self.differences)
            case steps.RecordPosition():
                return "R"
            case steps.StopForward():
                self.forward = False
            case steps.ArmReverse(epoch, position):
                self.reverse = epoch, position
            case steps.DisarmReverse(epoch):
                self.reverse = None if self.reverse and self.reverse[0] == epoch else self.reverse
        return None

    def write(self, epoch: int, after: Pointer) -> bool:
        if self.pointer.epoch == epoch:
            self.pointer = after
        return self.pointer == after

    def check(self) -> None:
        """Each end of a switch is complete: everything for the new slot, or everything for the old one."""
        assert self.pointer.state == "ACTIVE"
        assert self.journal is not None
        if self.pointer.slot == "prod-v2":
            assert (self.journal.step, self.forward) == ("finished", False)
            assert self.reverse == (self.pointer.epoch - 1, "R")
        else:
            assert self.journal.step == "aborted"
            assert self.reverse is None
