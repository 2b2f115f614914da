"""The processes of people in virtual time: a tail that runs for ever, and switches that may be killed or frozen.

Both drive the product's own generators: `switch`, `resume`, `replicate`, and the role of a tail.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tee_infra.core.cutover import switch_steps as steps
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.journal_items import SEGMENTS
from tee_infra.core.cutover.replication import replicate
from tee_infra.core.cutover.requests import Task, Wait
from tee_infra.core.cutover.run import Plan, Run
from tee_infra.core.cutover.switching import Bounds, PointerMovedError, Steps, SwitchAbortedError, resume, switch
from tee_infra.core.cutover.tail_role import tail_role
from tee_infra.core.cutover.validation import validate, validate_keys
from tee_infra.errors import BusyError, RefusedError, RemoteError, TeeInfraError
from tests.support.cutover_operator import IN_FLIGHT, Clock, Faults, Operator
from tests.support.cutover_world import KEY_NAMES
from tests.support.switch_world import NEW, OLD, Armed, Control, Slots, other

FOLLOWING_SECONDS = 30.0
_POLL = 0.05
_BLIND_SECONDS = 5.0


@dataclass
class Surroundings:
    """What every process has. Seconds; `lost`: the chance that a write of the pointer has no answer, and may be late.

    `latency` is the longest of the control table, `poll` the pause after an empty page of a stream.
    """

    clock: Clock
    control: Control
    slots: Slots
    faults: Faults
    latency: float
    poll: float
    lost: float


class Process:
    """Runs one task, and at most one replication, which end together when it is killed."""

    def __init__(self, around: Surroundings, name: str) -> None:
        self.around, self.name = around, name
        self.clock, self.control, self.slots = around.clock, around.control, around.slots
        self.driver = Operator(self.clock, Faults(), None)
        self.replication: Operator | None = None
        self.run: Run | None = None
        self.runs = 0
        self.seen = ("", -_BLIND_SECONDS)
        self.dead = False

    @property
    def now(self) -> float:
        return self.clock.time.now

    def kill(self) -> None:
        self.dead = self.driver.dead = True
        if self.replication is not None:
            self.replication.dead = True

    def freeze(self, seconds: float) -> None:
        self.driver.frozen_until = self.now + seconds
        if self.replication is not None:
            self.replication.frozen_until = self.now + seconds

    def latency(self) -> Wait:
        return Wait(self.clock.world.random.uniform(0, self.around.latency))

    def renew(self) -> None:
        """The heartbeat of its locks."""
        if self.dead:
            return
        if self.now >= self.driver.frozen_until:
            self.control.switch_lock.renew(self)
            self.control.replication_lock.renew(self)
        self.clock.after(1.0, self.renew)

    def follow(self, source: str, *, since_verified: bool = False) -> Run:
        """Begin the replication from `source` to the other slot, or go on from its journal."""
        world = self.slots.worlds[source]
        stored = self.slots.stored(source)
        self.runs += 1
        name = f"{self.name}.{self.runs}"
        plan = Plan(name, KEY_NAMES, lambda item: item, SEGMENTS, 2, IN_FLIGHT, self.around.poll)
        self.run = Run(plan, stored.since_verified if since_verified else stored.progress)
        self.replication = Operator(self.clock, self.around.faults, None, world)
        self.replication.applies = lambda: self.may_apply(source)
        self.replication.ends_with_error = True
        self.replication.start(replicate(self.run))
        return self.run

    def may_apply(self, source: str) -> bool:
        raise NotImplementedError

    def stop(self, seconds: float) -> Task[bool]:
        """Whether the replication ended in time; its process does not go on with it in any case."""
        if self.replication is None or self.run is None:
            return True
        self.run.stopping = True
        due = self.now + seconds
        while self.replication.running and not self.replication.dead and self.now < due:
            yield Wait(_POLL)
        ended, self.replication.dead = not self.replication.running, True
        self.replication = self.run = None
        return ended

    def ask(self, task: Task[Any], seconds: float) -> Task[Any]:
        """The answer of a task beside the replication within `seconds`, else None."""
        answers: list[Any] = []

        def answered() -> Generator[Any, Any, None]:
            try:
                answers.append((yield from task))
            except TeeInfraError:
                answers.append(None)

        if self.replication is None:
            return None
        self.replication.start(answered())
        due = self.now + seconds
        while not answers and self.now < due and not self.replication.dead:
            yield Wait(_POLL)
        return answers[0] if answers else None


class Tail(Process):
    """`migrate tail prod`."""

    source: str | None = None

    def start(self) -> None:
        self.driver.start(self._live())
        self.renew()

    def may_apply(self, source: str) -> bool:
        slot, at = self.seen
        return slot == source and self.now - at < _BLIND_SECONDS and self.control.replication_lock.holder is self

    def _live(self) -> Task[None]:
        while True:
            pointer = self.control.pointer
            self.seen = pointer.slot, self.now
            yield self.latency()
            armed = self.control.armed
            way_back = (armed.source, other(armed.source)) if armed and armed.position else None
            role = tail_role(pointer, way_back, (OLD, NEW), switching=self.control.switch_lock.held)
            wanted = role.source if not role.waits else None
            ended = self.replication is not None and self.replication.dead
            if self.source is not None and (self.source != wanted or ended):
                yield from self.stop(5.0)
                self.source = None
                self.control.replication_lock.release(self)
            if self.source is None and wanted is not None and self.control.replication_lock.take(self):
                self.slots.begin(self.control, wanted)
                self.follow(wanted)
                self.source = wanted
            yield Wait(1.0)


class SwitchRun(Process):
    """`switch` or `rollback`, whichever is possible."""

    bounds = Bounds()

    def start(self, ended: Callable[[], None], wrote: Callable[[steps.Step], None]) -> None:
        """`ended` is called once, `wrote` with each step of the journal."""
        self.ended, self.wrote = ended, wrote
        self.position: Any = None
        self.driver.start(self._live())
        self.renew()

    def may_apply(self, source: str) -> bool:
        return self.control.replication_lock.holder is self

    def check(self) -> None:
        if self.control.switch_lock.holder is not self:
            raise BusyError("the lock was lost")

    def _live(self) -> Task[None]:
        if self.control.switch_lock.take(self):
            with suppress(SwitchAbortedError, PointerMovedError, BusyError, RemoteError, RefusedError):
                yield from self._switch()
            yield from self.stop(5.0)
            self.control.replication_lock.release(self)
            self.control.switch_lock.release(self)
        self.dead = True
        self.ended()

    def _switch(self) -> Task[None]:
        control = self.control
        if control.journal is not None and not control.journal.ended:
            yield from self._carry_out(resume(control.journal))
            return
        due = self.now + FOLLOWING_SECONDS
        while not control.replication_lock.take(self):
            if self.now > due:
                return
            yield Wait(0.5)
        source = control.pointer.slot
        self.slots.begin(control, source)
        verified = bool(self.slots.stored(source).verified_shards)
        run = self.follow(source, since_verified=verified)
        while not run.following and self.now < due:
            yield Wait(_POLL)
        if not (yield from (self._compare_twice() if verified else self._verify(source, run))):
            return
        self.position = self.slots.worlds[other(source)].position()
        version = control.journal.version if control.journal else 0
        yield from self._carry_out(switch("prod", source, other(source), version, self.bounds))

    def _verify(self, source: str, run: Run) -> Task[bool]:
        """Everything is compared."""
        shards = dict(run.progress.shards)
        found = yield from self.ask(validate(run, 0.0), FOLLOWING_SECONDS)
        if found is not None and found.clean:
            self.slots.note_verified(source, shards)
        return found is not None and found.clean

    def _compare_twice(self) -> Task[bool]:
        """What has changed since the last comparison is compared, as a preflight does."""
        for _ in range(2):
            if not (yield from self._drain(FOLLOWING_SECONDS)):
                return False
            if (yield from self._compare()).differences:
                return False
        return True

    def _carry_out(self, switching: Steps) -> Task[None]:
        answer: Any = None
        error: TeeInfraError | None = None
        while True:
            try:
                step = switching.throw(error) if error else switching.send(answer)
            except StopIteration:
                return
            answer = error = None
            yield self.latency()
            try:
                answer = yield from self.do(step)
            except TeeInfraError as failure:
                error = failure
            yield self.latency()

    def do(self, step: steps.Effect) -> Task[Any]:  # noqa: C901, PLR0912  # one case for each step
        control, answer = self.control, None
        match step:
            case steps.ReadPointer():
                answer = control.pointer
            case steps.WritePointer(before, after):
                self.check()
                answer = yield from self._move(before.epoch, after)
            case steps.WriteJournal(journal):
                self.check()
                if journal.version != (control.journal.version if control.journal else 0) + 1:
                    raise BusyError("another run has the journal")
                control.journal = journal
                self.wrote(journal.step)
            case steps.Wait(seconds):
                yield Wait(seconds)
            case steps.ReadClocks():
                answer = steps.Clocks(aws=control.aws(), seconds=self.now)
            case steps.ProbeNewSlot():
                answer = True
            case steps.Drain(seconds):
                answer = yield from self._drain(seconds)
            case steps.Compare():
                answer = yield from self._compare()
            case steps.RecordPosition():
                answer = "R"
            case steps.StopForward():
                yield from self._stop_forward()
            case steps.ArmReverse(epoch):
                self._arm(epoch)
            case steps.DisarmReverse(epoch):
                control.disarm(epoch)
            case _:
                pass
        return answer

    def _move(self, epoch: int, after: Any) -> Task[bool]:
        """It may land late, or without an answer."""
        random = self.clock.world.random
        kind = "flip" if after.state == "ACTIVE" and after.slot != self.control.pointer.slot else after.state
        if random.random() < self.around.lost:
            late = random.choice((0.1, 20.0))
            self.clock.after(random.uniform(0, late), lambda: self.control.move(epoch, after, kind))
            yield Wait(random.uniform(0.05, 1.0))
            raise RemoteError("no answer")
        return self.control.move(epoch, after, kind)

    def _drain(self, seconds: float) -> Task[bool]:
        def drained() -> Task[bool]:
            yield from pass_heartbeat(self._run)
            return True

        return bool((yield from self.ask(drained(), seconds)))

    def _compare(self) -> Task[steps.Compared]:
        keys = set(self._run.dirtied)
        self._run.dirtied.clear()
        found = yield from self.ask(validate_keys(self._run, keys, 0.0), 5.0)
        if found is None:
            raise RemoteError("the comparison did not end")
        return steps.Compared(len(keys), len(found.different) + len(found.unsettled) + len(found.quarantined))

    def _stop_forward(self) -> Task[None]:
        if not (yield from self.stop(2.0)):
            raise RefusedError("the replication did not stop in time")

    def _arm(self, epoch: int) -> None:
        if not self.control.arm(Armed(epoch, other(self.control.pointer.slot), self.position)):
            raise BusyError("a newer switch has armed its way back")

    @property
    def _run(self) -> Run:
        if self.run is None:
            raise RefusedError("the replication does not run in this process")
        return self.run
