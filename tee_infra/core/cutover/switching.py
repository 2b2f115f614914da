"""The operator's order of a switch, as a generator: it yields steps and is sent their answers.

Order: the new slot is probed, PREPARING and the wait for the long lease, DRAINING and the wait for the short one,
drain, compare, R is recorded, the reverse armed, and the flip. The flip is the point of no return: before it every
failure opens the old slot again, after it a run only notes that the switch is finished. No policy of a table is part of
it (`docs/decisions/0007-leases-fence-a-switch.md`). `resume` continues after a crash.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, Literal

from tee_infra.core.cutover.pointer import Pointer, draining, flipped, preparing, reopened
from tee_infra.core.cutover.switch_steps import (
    ArmReverse,
    Clocks,
    Compare,
    Compared,
    DisarmReverse,
    Drain,
    Effect,
    Journal,
    ProbeNewSlot,
    ReadClocks,
    ReadPointer,
    RecordPosition,
    StopForward,
    Wait,
    WriteJournal,
    WritePointer,
)
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import BusyError, RefusedError, TeeInfraError

Steps = Generator[Effect, Any, "Outcome"]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Seconds. The leases are the client's own (`tee_infra.client.lease`; a test compares).

    `in_flight`: how long after it was sent a write may still land. `drain`: how long the drain may take, or the switch
    is aborted. `hold`: after how long clients end the drain of an operator that has died.
    """

    long_lease: float = 5.0
    short_lease: float = 0.5
    in_flight: float = 0.2
    drain: float = 3.0
    hold: float = 15.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a switch: the slot that is open, its epoch, and what the switch measured.

    `window_seconds`: from before DRAINING was written until after the flip. None: another run measured it.
    """

    slot: str
    epoch: int
    window_seconds: float | None = None
    checked_keys: int | None = None


class SwitchAbortedError(RefusedError):
    """A switch stopped before the point of no return, and the old slot is open."""

    def __init__(self, journal: Journal, reason: str) -> None:
        self.environment = journal.environment
        self.reason = reason
        super().__init__(
            f"the switch of {journal.environment} from {journal.source} to {journal.target} was aborted: {reason}. "
            f"{journal.source} is open to writes, and the replication to {journal.target} continues",
            next=f"Check it with tee-infra migrate status {journal.environment}, then run the same switch again",
        )


class PointerMovedError(BusyError):
    """Another run changed the pointer."""

    def __init__(self, environment: str, found: Pointer | Unreadable) -> None:
        self.environment = environment
        state = found.reason if isinstance(found, Unreadable) else f"{found.state} {found.slot} at epoch {found.epoch}"
        super().__init__(
            f"the pointer of {environment} is not one of this switch: {state}. This run did not change it",
            next=f"See which slot is open: tee-infra slots {environment}",
        )


def switch(environment: str, source: str, target: str, version: int, bounds: Bounds) -> Steps:
    """Switch from `source` to `target` after a preflight. `version`: of the last, ended journal; 0 for none.

    Raises `PointerMovedError`, and `SwitchAbortedError` once the old slot is open again. A runner's error is raised
    again after the same abort; if the abort fails too, `resume` is left to the next run.
    """
    pointer = yield from _read(environment)
    if pointer.state == "PREPARING" and pointer.slot == source:  # a write that landed after its switch was aborted
        yield WritePointer(pointer, reopened(pointer))
        pointer = yield from _read(environment)
    if pointer.state != "ACTIVE" or pointer.slot != source:
        raise PointerMovedError(environment, pointer)
    journal = Journal(environment=environment, source=source, target=target, epoch=pointer.epoch, version=version)
    yield WriteJournal(journal := journal.at("prepare"))
    try:
        return (yield from _forward(journal, pointer, bounds))
    except _StoppedError as stopped:
        outcome = yield from resume(stopped.journal)
        if outcome.slot == target:
            return outcome
        raise SwitchAbortedError(stopped.journal, stopped.reason) from stopped.__cause__


def resume(journal: Journal) -> Steps:
    """Finish a switch that has flipped, and abort any other. Raises `PointerMovedError`.

    The pointer decides which of the two, not the journal: a flip may have landed without an answer. A write that is
    still on its way is refused once the epoch is another, so the answer does not change afterwards.
    """
    while True:
        pointer = yield from _read(journal.environment)
        place = place_of(pointer, journal)
        if place == "flipped":
            return (yield from _finish(journal, pointer))
        if place == "open":
            return (yield from _undo(journal, pointer))
        if place == "elsewhere":
            raise PointerMovedError(journal.environment, pointer)
        yield WritePointer(pointer, reopened(pointer))  # or a client's end of the drain, or the late flip, is faster


_PLACES: Final = {(0, "ACTIVE"): "open", (1, "PREPARING"): "between", (2, "ACTIVE"): "open", (2, "DRAINING"): "between"}


def place_of(pointer: Pointer, journal: Journal) -> Literal["open", "between", "flipped", "elsewhere"]:
    """Where the switch of this journal is. `elsewhere`: another run has written the pointer since."""
    offset = pointer.epoch - journal.epoch
    if (offset, pointer.state) == (3, "ACTIVE"):
        return "flipped" if pointer.slot == journal.target else _if_source(pointer, journal, "open")
    return _if_source(pointer, journal, _PLACES.get((offset, pointer.state), "elsewhere"))


def _if_source(pointer: Pointer, journal: Journal, place: Any) -> Any:
    return place if pointer.slot == journal.source else "elsewhere"


class _StoppedError(Exception):
    """Before the point of no return, or without knowing whether it was passed."""

    def __init__(self, journal: Journal, reason: str) -> None:
        super().__init__(reason)
        self.journal = journal
        self.reason = reason


def _read(environment: str) -> Generator[Effect, Any, Pointer]:
    pointer = yield ReadPointer()
    if isinstance(pointer, Unreadable):
        raise PointerMovedError(environment, pointer)
    return pointer


def _forward(journal: Journal, pointer: Pointer, bounds: Bounds) -> Steps:
    """Up to the flip, and on to the end."""
    try:
        _require((yield ProbeNewSlot()), journal, f"writes to {journal.target} are not let through")
        pointer = yield from _move(journal, pointer, preparing(pointer))
        yield Wait(bounds.long_lease + bounds.in_flight)
        yield WriteJournal(journal := journal.at("drain"))
        before: Clocks = yield ReadClocks()
        until = before.aws + timedelta(seconds=bounds.hold)
        pointer = yield from _move(journal, pointer, draining(pointer, until, before.aws))
        yield Wait(bounds.short_lease + bounds.in_flight)
        _require((yield Drain(bounds.drain)), journal, "the replication did not catch up in time")
        compared: Compared = yield Compare()
        _require(not compared.differences, journal, f"{compared.differences} of {compared.keys} keys differ")
        journal = replace(journal.at("arm"), position=(yield RecordPosition()))
        yield WriteJournal(journal)
        yield StopForward(pointer.epoch)
        yield ArmReverse(pointer.epoch, journal.position or "")
        pointer = yield from _move(journal, pointer, flipped(pointer, journal.target))
        after: Clocks = yield ReadClocks()
    except TeeInfraError as error:
        raise _StoppedError(journal, error.message) from error
    outcome = yield from _finish(journal, pointer)
    return replace(outcome, window_seconds=after.seconds - before.seconds, checked_keys=compared.keys)


def _move(journal: Journal, before: Pointer, after: Pointer) -> Generator[Effect, Any, Pointer]:
    landed = yield WritePointer(before, after)
    _require(landed, journal, f"the pointer was changed since epoch {before.epoch}, so {after.state} was refused")
    return after


def _require(holds: bool, journal: Journal, reason: str) -> None:
    if not holds:
        raise _StoppedError(journal, reason)


def _finish(journal: Journal, pointer: Pointer) -> Steps:
    """After the flip."""
    yield WriteJournal(journal.at("finished"))
    return Outcome(slot=journal.target, epoch=pointer.epoch)


def _undo(journal: Journal, pointer: Pointer) -> Steps:
    """The old slot is open. Every effect may be repeated."""
    yield DisarmReverse(journal.epoch + 2)
    yield WriteJournal(journal.at("aborted"))
    return Outcome(slot=journal.source, epoch=pointer.epoch)
