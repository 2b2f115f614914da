"""An app that writes through switches and rollbacks in virtual time, for one seed: a process may die at any moment."""

from dataclasses import dataclass
from random import Random

from tests.support.cutover_operator import Clock, Faults
from tests.support.cutover_world import Time, World
from tests.support.switch_clients import SKEW, App
from tests.support.switch_operator import Surroundings, SwitchRun, Tail
from tests.support.switch_world import OLD, Control, Slots

LONGEST = 600.0
SWITCHES = 3
MOST_ATTEMPTS = 8
PAGE_RECORDS = 50
"""Or a tail would not keep up with the apps and the sentinels."""
MOST_DRAIN = SwitchRun.bounds.hold + SKEW + 25.0
"""Seconds: each client tries to end the drain soon after `drain_until` by its clock, and that lands within 20."""


@dataclass(frozen=True)
class SwitchOutcome:
    """`violation` is None for a run without a lost write. `seconds` are virtual, `flips` the switches that happened."""

    seed: int
    violation: str | None
    seconds: float
    flips: int
    attempts: int
    killed: int
    frozen: int


class SwitchSimulation:
    """The seed decides everything."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        time = Time()
        self.slots, self.control = Slots(random, time), Control(time)
        self.clock = Clock(self.slots.worlds[OLD])
        quick = random.random() < 0.3
        chances = [random.choice((0, 0, 0, 0.05, 0.2)) for _ in range(4)]
        self.around = Surroundings(
            self.clock,
            self.control,
            self.slots,
            Faults(latency=0.005) if quick else Faults(*chances),
            latency=0.004 if quick else 0.03,
            poll=0.05 if quick else 0.2,
            lost=random.choice((0, 0, 0.05, 0.2)),
        )
        for world in self.slots.worlds.values():
            world.delay, world.page_records = random.choice((0.01, 0.3, 1.5)), PAGE_RECORDS
        apps = random.choice((1, 2, 3))
        self.apps = [App(self.clock, self.control, self.slots, random, number) for number in range(apps)]
        for app in self.apps:
            app.saw = self._watch
            app.acknowledged = self._compare_one
        self.control.opened = self._compare
        self.attempts = self.killed = self.frozen = 0
        self.violation: str | None = None
        self.finished = self.quiet = False
        self.tail = self._new_tail()
        self.clock.after(random.uniform(2, 4), self._attempt)
        for _ in range(random.choice((0, 0, 1, 3))):
            self.clock.after(random.uniform(0, 60), lambda: self._any_world().split())
        if random.random() < 0.1:
            self.clock.after(random.uniform(0, 60), lambda: self._any_world().trim())

    def execute(self) -> SwitchOutcome:
        """Run to the end."""
        time = self.clock.time
        while not self.finished and self.violation is None:
            try:
                self.clock.advance()
            except Exception as error:  # whatever ends a run is a violation
                self.violation = repr(error)
            if time.now > LONGEST:
                self.violation = "no progress"
        flips = self.control.flips
        return SwitchOutcome(self.seed, self.violation, time.now, flips, self.attempts, self.killed, self.frozen)

    def _any_world(self) -> World:
        return self.random.choice(list(self.slots.worlds.values()))

    def _watch(self) -> None:
        """Processes that may write are all of one slot."""
        if len({pointer.slot for app in self.apps if (pointer := app.permitted())}) > 1:
            self.violation = "two slots are open"

    def _new_tail(self) -> Tail:
        tail = Tail(self.around, f"tail{self.random.random()}")
        tail.start()
        if not self.quiet and self.random.random() < 0.2:
            self.clock.after(self.random.uniform(0, 40), self._kill_tail)
        return tail

    def _kill_tail(self) -> None:
        self.tail.kill()
        self.clock.after(self.random.uniform(0, 5), self._replace_tail)

    def _replace_tail(self) -> None:
        if not self.quiet:
            self.tail = self._new_tail()

    def _attempt(self) -> None:
        """A switch or a rollback by a new process; half of them are killed or frozen, most often at a narrow moment."""
        self.attempts += 1
        run = SwitchRun(self.around, f"switch{self.attempts}")
        random = self.random
        fate = random.choice((None, None, self._kill, self._freeze))
        aim = random.choice((None, "prepare", "drain", "arm", "arm", "finished"))

        def wrote(step: str) -> None:
            if fate is not None and step == aim:
                self.clock.after(random.uniform(0, 0.8), lambda: fate(run))

        if fate is not None and aim is None:
            self.clock.after(random.uniform(0, 14), lambda: fate(run))
        run.start(self._ended, wrote)

    def _kill(self, run: SwitchRun) -> None:
        if not run.dead and not self.quiet:
            self.killed += 1
            run.kill()
            self._ended()

    def _freeze(self, run: SwitchRun) -> None:
        """While it sleeps another one begins."""
        if not run.dead and not self.quiet:
            self.frozen += 1
            run.freeze(self.random.uniform(0, 25))
            self.clock.after(self.random.uniform(5, 20), self._attempt)

    def _ended(self) -> None:
        """The next one, or the end."""
        if self.quiet:
            return
        if self.control.flips < SWITCHES and self.attempts < MOST_ATTEMPTS:
            self.clock.after(self.random.uniform(0, 4), self._attempt)
            return
        self.quiet = True
        self.tail.kill()
        for app in self.apps:
            app.stopped, app.losing = True, 0.0
        self.clock.after(MOST_DRAIN, self._finish)

    def _compare(self, slot: str) -> None:
        """Whether the slot that is open has every acknowledged write."""
        lost = next((problem for app in self.apps if (problem := app.problem(slot))), None)
        self.violation = self.violation or lost

    def _compare_one(self, app: App) -> None:
        self.violation = self.violation or app.problem(self.control.pointer.slot)

    def _finish(self) -> None:
        """Every write has landed, and the last drain has ended."""
        since = self.control.drained_since
        drained_for = self.clock.time.now - since if since is not None else 0.0
        if max(drained_for, self.control.longest_drain) > MOST_DRAIN:
            self.violation = "writes were held for too long"
        elif since is not None or self.control.switch_lock.held:
            self.clock.after(1.0, self._finish)
            return
        self._compare(self.control.pointer.slot)
        self.finished = True


def simulate_switch(seed: int) -> SwitchOutcome:
    """The outcome of a seed, always the same one."""
    return SwitchSimulation(seed).execute()
