"""A replication without faults that has copied some items and follows the stream; tasks run beside it."""

from collections.abc import Callable, Generator, Mapping
from random import Random
from typing import Any, TypeVar

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.journal import resume
from tee_infra.core.cutover.replication import replicate
from tee_infra.core.cutover.requests import Key, Side
from tee_infra.core.cutover.run import Plan, Run
from tests.support.cutover_operator import IN_FLIGHT, Clock, Faults, Operator
from tests.support.cutover_world import KEY_NAMES, World, transform

T = TypeVar("T")


class Following:
    """`source` and `target` are the tables, to be changed behind the stream's back; `world.write` has a record."""

    def __init__(
        self,
        items: Mapping[Key, bytes],
        change: Callable[[RawItem], RawItem] = transform,
        ttl_attribute: str | None = None,
    ) -> None:
        self.world = World(Random(0))
        self.source, self.target = self.world.tables[Side.SOURCE], self.world.tables[Side.TARGET]
        self.source.update(items)
        self._clock = Clock(self.world)
        self._operator = Operator(self._clock, Faults(), None)
        plan = Plan("run", KEY_NAMES, change, 2, 2, IN_FLIGHT, ttl_attribute=ttl_attribute)
        self.run = Run(plan, resume(2, ()))
        self._operator.start(replicate(self.run))
        self.finish(pass_heartbeat(self.run))

    def finish(self, task: Generator[Any, Any, T]) -> T:
        """Run everything until the task ends."""
        results: list[T] = []

        def recorded() -> Generator[Any, Any, None]:
            results.append((yield from task))

        self._operator.start(recorded())
        while not results:
            self._clock.advance()
        return results[0]

    def stop(self) -> int:
        """Ask the run to stop; the number of its tasks that do not end within a minute."""
        self.run.stopping = True
        end = self.world.now + 60
        while self._operator.running and self.world.now < end:
            self._clock.advance()
        return self._operator.running
