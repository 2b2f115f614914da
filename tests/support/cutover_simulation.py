"""One replication for one seed: an independent writer, faults, crashes, then a comparison once all is quiet."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tee_infra.core.cutover import validation
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.journal import resume
from tee_infra.core.cutover.replication import replicate
from tee_infra.core.cutover.requests import Side, Task, Wait
from tee_infra.core.cutover.run import Plan, Run
from tests.support.cutover_events import draw_events
from tests.support.cutover_operator import IN_FLIGHT, Clock, Operator
from tests.support.cutover_world import KEY_NAMES, World, is_refused, make_item, make_key, put, transform

LONGEST = 400.0
"""Virtual seconds; a run that takes longer makes no progress."""


@dataclass(frozen=True)
class Outcome:
    """`violation` is None for a run whose target ended as the source. `seconds` are virtual."""

    seed: int
    violation: str | None
    seconds: float
    lives: int
    requests: int
    generations: int


class Simulation:
    """The seed decides everything. `run` is that of the operator's present life."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.world = World(self.random)
        self.clock = Clock(self.world)
        self.events = draw_events(self.random)
        self.faults, self.crashes = self.events.faults, self.events.crashes
        self.world.delay = self.events.delay
        self.keys = [make_key(number) for number in range(self.random.choice((1, 1, 2, 5)))]
        self.segments = self.random.randint(1, 2)
        self.version, self.lives, self.requests = 0, 0, 0
        self.quiet = False
        self.violation: str | None = None
        self.finished = False
        self.run: Run
        self.operator: Operator
        self._fill()
        self._plan_events()

    def execute(self) -> Outcome:
        """Run to the end."""
        self._begin_life()
        while not self.finished and self.violation is None:
            self._advance()
            if self.operator.dead and not self.finished:
                self._restart()
            if self.world.now > LONGEST:
                self.violation = "no progress"
        generations = sum(type(entry).__name__ == "PositionTaken" for entry in self.world.journal)
        requests = self.requests + self.operator.requests
        return Outcome(self.seed, self.violation, self.world.now, self.lives, requests, generations)

    def _advance(self) -> None:
        try:
            self.clock.advance()
        except Exception as error:  # whatever ends a run is a violation
            self.violation = repr(error)

    def _fill(self) -> None:
        stale = self.random.random() < 0.3
        for key in self.keys:
            if self.random.random() < 0.7:
                put(self.world.tables[Side.SOURCE], key, self._new_item(key))
            if stale and self.random.random() < 0.5:
                put(self.world.tables[Side.TARGET], key, self._new_item(key))

    def _plan_events(self) -> None:
        events = self.events
        calls = (
            (events.writes, self._write),
            (events.repairs, lambda: self._beside(self._repair())),
            (events.splits, self.world.split),
            (events.trims, self.world.trim),
            (events.validations, lambda: self._beside(self._validate())),
            ([events.length], self._become_quiet),
        )
        for moments, call in calls:
            for moment in moments:
                self.clock.after(moment, call)

    def _new_item(self, key: bytes) -> bytes:
        self.version += 1
        return make_item(key, self.version, refused=self.random.random() < 0.05)

    def _write(self) -> None:
        key = self.random.choice(self.keys)
        self.world.write(key, None if self.random.random() < 0.35 else self._new_item(key))

    def _begin_life(self) -> None:
        self.lives += 1
        plan = Plan(f"life{self.lives}", KEY_NAMES, transform, self.segments, 2, IN_FLIGHT, 0.2)
        self.run = Run(plan, resume(self.segments, self.world.journal))
        crash_at = self.crashes.pop() if self.crashes and not self.quiet else None
        self.operator = Operator(self.clock, self.faults, crash_at)
        self.operator.start(replicate(self.run))
        if self.quiet:
            self.operator.start(self._finish())

    def _restart(self) -> None:
        self.requests += self.operator.requests
        self.operator = Operator(self.clock, self.faults, None)  # until the next life nobody acts
        self.clock.after(self.random.choice((0.0, 0.1, 1.5)), self._begin_life)

    def _become_quiet(self) -> None:
        """No write, fault or crash from now on."""
        self.quiet = True
        self.faults.throttle = self.faults.lose = self.faults.unprocessed = self.faults.slow = 0.0
        self.operator.crash_at = None
        if self.operator.running:
            self._beside(self._finish())

    def _beside(self, task: Task[None]) -> None:
        if self.operator.running and not self.operator.dead:
            self.operator.start(task)

    def _repair(self) -> Task[None]:
        yield from validation.repair(self.run, self.random.sample(self.keys, self.random.randint(1, len(self.keys))))

    def _validate(self) -> Task[None]:
        while not self.run.following:
            yield Wait(0.5)
        found = yield from validation.validate(self.run, 0.0)
        if found.different:
            self.violation = f"false difference of {found.different}"

    def _finish(self) -> Task[None]:
        yield from pass_heartbeat(self.run)
        self.violation = self.violation or self._difference()
        found = yield from validation.validate(self.run, 0.0)
        if found.different or found.unsettled:
            self.violation = self.violation or f"validation found {found}"
        self.run.stopping = True
        self.finished = True

    def _difference(self) -> str | None:
        """What the target should not have, in words, once the heartbeat has passed."""
        source, target = self.world.tables[Side.SOURCE], self.world.tables[Side.TARGET]
        refused = {key for key, item in source.items() if is_refused(item)}
        if set(self.run.progress.quarantine) != refused:
            return f"quarantine has {sorted(self.run.progress.quarantine)}, not {sorted(refused)}"
        for key in self.keys:
            expected = transform(source[key]) if key in source and key not in refused else None
            if key not in refused and target.get(key) != expected:
                return f"{key.decode()} is {target.get(key)}, not {expected}"
        return None


def simulate(seed: int) -> Outcome:
    """The outcome of a seed, always the same one."""
    return Simulation(seed).execute()


def first_violation(seeds: Any) -> Outcome | None:
    """The first outcome with a violation."""
    return next((outcome for outcome in map(simulate, seeds) if outcome.violation), None)
