"""Raises the warm throughput of a migration's target beside the copy, which it neither stops nor delays.

A failure is reported and ends nothing: the switch's preflight refuses until the target takes what the source does, and
the next run of the same command tries again.
"""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from tee_infra.aws.deadline import start
from tee_infra.core.cutover.progress_report import Warming
from tee_infra.core.cutover.same_tables import Described
from tee_infra.core.cutover.warming import Increase, increases, is_being_raised, update_request
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.cutover.replication import Ends

_POLL_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 20 * 60.0
"""AWS was seen to need up to nine minutes for one unit more than a new table has."""


@dataclass(frozen=True, kw_only=True)
class PlannedWarming:
    """What is raised, and the descriptions of the sources, both by the catalog's name of a table."""

    increases: Mapping[str, tuple[Increase, ...]]
    sources: Mapping[str, Described]


def plan_warming(ends: Ends) -> PlannedWarming:
    """Compare both ends. Raises as `DynamoDb.described` does."""
    sources = {table.name: ends.source.described(table.source.name) for table in ends.tables}
    found = {
        table.name: increases(sources[table.name], ends.target.described(table.target.name)) for table in ends.tables
    }
    return PlannedWarming(increases={name: wanted for name, wanted in found.items() if wanted}, sources=sources)


class Warmer:
    """Raises what is planned, each table in a thread of its own. `begin` under the replication's lock."""

    def __init__(self, ends: Ends, planned: PlannedWarming) -> None:
        self._target, self._planned = ends.target, planned
        self._names = {table.name: table.target.name for table in ends.tables}
        self._ended = threading.Event()
        self._running: dict[str, Future[Warming]] = {}

    def begin(self) -> None:
        """Ask AWS, and watch it in the background; once, however often it is called."""
        for table in self._planned.increases.keys() - self._running.keys():
            self._running[table] = start(lambda table=table: self._raise(table), f"warm throughput of {table}")

    def close(self) -> None:
        """Watch no longer. What AWS has begun it completes."""
        self._ended.set()

    @property
    def settled(self) -> bool:
        """Whether nothing is left to wait for."""
        return all(future.done() for future in self._running.values())

    def states(self) -> dict[str, Warming]:
        """Where each table is that is raised."""
        return {
            table: future.result() if future.done() else Warming(state="raising")
            for table, future in self._running.items()
        }

    def _raise(self, table: str) -> Warming:
        try:
            return self._follow(self._names[table], self._planned.sources[table])
        except TeeInfraError as error:
            return Warming(state="failed", problem=error.message)

    def _follow(self, name: str, source: Described) -> Warming:
        """Until the target has it. An increase under way is waited for: it may be an earlier run's, of the same."""
        due, asked, refused = time.monotonic() + _LONGEST_SECONDS, False, ""
        while time.monotonic() < due:
            target = self._target.described(name)
            left, under_way = increases(source, target), is_being_raised(target)
            if not left:
                return Warming(state="raised")
            if refused and not under_way:
                return Warming(state="failed", problem=refused)
            if not asked and not under_way:
                try:
                    asked = self._target.update_table(update_request(name, left))
                except TeeInfraError as error:  # an answer may be lost, and AWS at it all the same
                    asked, refused = True, error.message
            if self._ended.wait(_POLL_SECONDS):
                return Warming(state="raising")
        return Warming(state="failed", problem=f"not there after {_LONGEST_SECONDS / 60:.0f} minutes")
