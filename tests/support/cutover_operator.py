"""Drives the tasks of a run in virtual time: each request takes a while, and may be throttled, lost or late."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tee_infra.core.cutover import requests
from tee_infra.core.cutover.requests import Done, Key, Throttled, TimedOut, Written
from tee_infra.errors import TeeInfraError
from tests.support.cutover_world import World, key_of_item

IN_FLIGHT = 1.5
SLOW = 1.2
"""The longest answer, and the client's longest patience."""
CLOSED = 0.1
"""Seconds until a write to the target that may not be sent is tried again."""
READS_LOST = 0.2
"""Lost reads only take time, so they are rarer than lost writes."""
WRITES = (requests.WriteItems, requests.WriteJournal)


class Clock:
    """Callbacks in the order of their virtual time."""

    def __init__(self, world: World) -> None:
        self.world, self.time = world, world.time
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self.time.now + seconds, self._count, call))

    def advance(self) -> None:
        """Go on to the next callback."""
        self.time.now, _, call = heapq.heappop(self._heap)
        call()


@dataclass
class Faults:
    """Chances of one request, until the writers end; `latency` is usually the longest, in seconds."""

    throttle: float = 0.0
    lose: float = 0.0
    unprocessed: float = 0.0
    slow: float = 0.0
    latency: float = 0.08


@dataclass(frozen=True)
class ReadImages:
    """What a tail that does not read through applies: the values in the stream's latest deliveries."""

    keys: tuple[Key, ...]


class Operator:
    """One process that runs tasks until it crashes, at its first write from request number `crash_at` on.

    It does nothing until `frozen_until`, and writes to the target only while `applies`. An error of a task is raised,
    or, as in a process of its own, `ends_with_error`.
    """

    def __init__(self, clock: Clock, faults: Faults, crash_at: int | None, world: World | None = None) -> None:
        self.clock, self.world, self.faults, self.crash_at = clock, world or clock.world, faults, crash_at
        self.dead = False
        self.frozen_until = 0.0
        self.applies: Callable[[], bool] = lambda: True
        self.ends_with_error = False
        self.running = 0
        self.requests = 0
        self._parked: list[tuple[Callable[[], bool], Any]] = []

    def start(self, task: Any) -> None:
        self.running += 1
        self._step(task, None)
        self._unpark()

    def _resume(self, task: Any, answer: Any) -> None:
        if self.world.now < self.frozen_until:
            self.clock.after(self.frozen_until - self.world.now, lambda: self._resume(task, answer))
        elif not self.dead:
            self._step(task, answer)
            self._unpark()

    def _unpark(self) -> None:
        while not self.dead:
            place = next((place for place, (ready, _) in enumerate(self._parked) if ready()), None)
            if place is None:
                return
            self._step(self._parked.pop(place)[1], Done())

    def _step(self, task: Any, answer: Any) -> None:
        while not self.dead:
            try:
                request = task.send(answer)
            except StopIteration:
                self.running -= 1
                return
            except TeeInfraError:
                self.dead = True
                if self.ends_with_error:
                    return
                raise
            match request:
                case requests.Start(other):
                    self.running += 1
                    self._step(other, None)
                    answer = Done()
                case requests.Until(ready):
                    self._parked.append((ready, task))
                    return
                case requests.Wait(seconds):
                    self.clock.after(seconds, lambda: self._resume(task, Done()))
                    return
                case _:
                    self._send(task, request)
                    return

    def _send(self, task: Any, request: Any) -> None:
        if isinstance(request, requests.WriteItems) and not self.applies():
            self.clock.after(CLOSED, lambda: self._resume(task, Throttled()))
            return
        self.requests += 1
        random = self.world.random
        if self.crash_at is not None and self.requests >= self.crash_at and isinstance(request, WRITES):
            self._crash(request)
            return
        chance = random.random()
        latency = random.uniform(0.001, SLOW if random.random() < self.faults.slow else self.faults.latency)
        if chance < self.faults.throttle:
            self.clock.after(latency, lambda: self._resume(task, Throttled()))
        elif chance < self.faults.throttle + self.faults.lose * (1 if isinstance(request, WRITES) else READS_LOST):
            if random.random() < 0.8:
                self._apply(request, IN_FLIGHT, lambda _: None)
            self.clock.after(random.uniform(0.05, SLOW), lambda: self._resume(task, TimedOut()))
        else:
            self._apply(
                request, latency, lambda answer: self.clock.after(latency / 4, lambda: self._resume(task, answer))
            )

    def _crash(self, request: Any) -> None:
        """The write that was just sent happens at once, late or never. An entry never happens late: see its lock."""
        chance = self.world.random.random()
        if chance < 0.6 and isinstance(request, requests.WriteItems):
            self._apply(request, IN_FLIGHT, lambda _: None)
        elif chance < 0.6:
            self._answer(request)
        self.dead = True

    def _apply(self, request: Any, longest: float, reply: Callable[[Any], None]) -> None:
        """Let it happen within `longest` seconds; the items of a batch one by one."""
        random = self.world.random
        if not isinstance(request, requests.WriteItems):
            self.clock.after(random.uniform(0, longest), lambda: reply(self._answer(request)))
            return
        writes = {key_of_item(item): bytes(item) for item in request.puts} | dict.fromkeys(request.deletes)
        unprocessed = frozenset(key for key in writes if random.random() < self.faults.unprocessed)
        for key, item in writes.items():
            if key not in unprocessed:
                self.clock.after(random.uniform(0, longest), lambda key=key, item=item: self.world.replicate(key, item))
        self.clock.after(longest, lambda: reply(Written(unprocessed)))

    def _answer(self, request: Any) -> Any:
        world = self.world
        match request:
            case requests.ReadPosition():
                answer = world.position()
            case requests.ReadChildren(shard):
                answer = world.children(shard)
            case requests.ReadRecords(shard, after):
                answer = world.records(shard, after)
            case requests.ScanPage():
                answer = world.scan(request)
            case requests.GetItems(side, keys):
                answer = world.get(side, keys)
            case ReadImages(keys):
                answer = world.get_images(keys)
            case requests.WriteSentinel(token):
                answer = world.write_sentinel(token)
            case requests.WriteJournal(entry):
                answer = world.write_journal(entry) if not self.dead else None
            case _:
                raise TypeError(request)
        return answer
