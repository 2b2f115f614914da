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
from tests.support.cutover_operator import IN_FLIGHT, Clock, Faults, Operator
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
        self.faults = Faults(*(self.random.choice((0, 0.05, 0.25)) for _ in range(3)))
        self.keys = [make_key(number) for number in range(self.random.randint(1, 5))]
        self.segments = self.random.randint(1, 2)
        self.crashes = [self.random.randint(1, 60) for _ in range(self.random.choice((0, 0, 1, 2, 3)))]
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
            self.clock.advance()
            if self.operator.dead and not self.finished:
                self._restart()
            if self.world.now > LONGEST:
                self.violation = "no progress"
        generations = sum(type(entry).__name__ == "PositionTaken" for entry in self.world.journal)
        requests = self.requests + self.operator.requests
        return Outcome(self.seed, self.violation, self.world.now, self.lives, requests, generations)

    def _fill(self) -> None:
        stale = self.random.random() < 0.3
        for key in self.keys:
            if self.random.random() < 0.7:
                put(self.world.tables[Side.SOURCE], key, self._new_item(key))
            if stale and self.random.random() < 0.5:
                put(self.world.tables[Side.TARGET], key, self._new_item(key))

    def _plan_events(self) -> None:
        random, length = self.random, self.random.uniform(2, 8)
        begin, end = random.choice(((0, length), (IN_FLIGHT, IN_FLIGHT + 1), (length - 1, length)))
        for _ in range(random.randint(1, 20)):
            self.clock.after(random.uniform(begin, min(end, length)), self._write)
        for _ in range(random.randint(0, 3)):
            self.clock.after(random.uniform(0, length), self.world.split)
        for _ in range(random.choice((0, 0, 0, 1, 2))):
            self.clock.after(random.uniform(0, length), self.world.trim)
        for _ in range(random.choice((0, 0, 1, 3))):
            self.clock.after(random.uniform(0, length), lambda: self._beside(self._repair()))
        if random.random() < 0.3:
            self.clock.after(random.uniform(0, length), lambda: self._beside(self._validate()))
        self.clock.after(length, self._become_quiet)

    def _new_item(self, key: bytes) -> bytes:
        self.version += 1
        return make_item(key, self.version, refused=self.random.random() < 0.03)

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
        self.faults.throttle = self.faults.lose = self.faults.unprocessed = 0.0
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
        found = yield from validation.validate(self.run)
        if found.different:
            self.violation = f"false difference of {found.different}"

    def _finish(self) -> Task[None]:
        yield from pass_heartbeat(self.run)
        self.violation = self.violation or self._difference()
        found = yield from validation.validate(self.run)
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
