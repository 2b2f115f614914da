"""The replication of one table: its run, its loop, and what is known of it from outside."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.heartbeat import pass_heartbeat
from tee_infra.core.cutover.invariants import ReferenceCounts
from tee_infra.core.cutover.journal import Differed, Verified
from tee_infra.core.cutover.journal_items import StoredJournal
from tee_infra.core.cutover.replication import replicate
from tee_infra.core.cutover.requests import Key, Shard, Task, Wait
from tee_infra.core.cutover.run import MOST_DIRTIED, Plan, Run, journal
from tee_infra.core.cutover.validation import MOST_DIFFERENT, Comparison, repair, validate, validate_keys
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError
from tee_infra.workflows.cutover.table_requests import TableRequests
from tee_infra.workflows.cutover.task_loop import TaskLoop

Phase: TypeAlias = Literal["starting", "copying", "sweeping", "following"]

LANES: Final = 16
_SHARDS_A_HEARTBEAT: Final = 4
_REPAIRS: Final = 3


@dataclass(frozen=True, kw_only=True)
class ReplicatedTable:
    """A table of the catalog at both ends; `name` is the catalog's."""

    name: str
    source: TableFacts
    target: TableFacts


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Seconds. `in_flight`: the longest time after which a write may land that was sent and had no answer. `poll`: the
    pause after an empty page of a stream. `heartbeat`: between two measurements of the lag."""

    in_flight: float = 5.0
    poll: float = 0.2
    heartbeat: float = 10.0


@dataclass(frozen=True, kw_only=True)
class TableState:
    """Where a table's replication is. `lag_seconds`: how long a write to the source takes to be in the target, None
    while that is unknown. `items` were acknowledged by the target since this run began; `different` are of the last
    comparison, None without one; `repaired` differed in one and were copied again."""

    phase: Phase
    items: int
    lag_seconds: float | None
    quarantined: int
    different: int | None
    repaired: int
    references: ReferenceCounts
    throttled: int
    throttles: dict[str, int]
    unanswered: int
    verified_at: datetime | None


class TableReplication:
    """One table's replication, from where its journal says. `start` once; every other method from any thread."""

    def __init__(
        self,
        table: ReplicatedTable,
        requests: TableRequests,
        stored: StoredJournal,
        *,
        name: str,
        transform: Callable[[RawItem], RawItem],
        tuning: Tuning,
        since_verified: bool,
        repairs: bool,
    ) -> None:
        self.table = table
        self.requests = requests
        self._repairs = repairs
        self._verified = stored.generation, stored.verified_at
        self._compared = stored.generation, stored.differed_at or stored.verified_at
        self._tuning = tuning
        self._covered = since_verified and bool(stored.verified_shards)
        plan = Plan(
            name=name,
            key_names=table.source.key_names,
            transform=transform,
            segments=stored.progress.segments,
            lanes=LANES,
            in_flight_seconds=tuning.in_flight,
            poll_seconds=tuning.poll,
            ttl_attribute=table.source.ttl_attribute or table.target.ttl_attribute,
        )
        self.run = Run(plan, stored.since_verified if since_verified else stored.progress)
        self.loop = TaskLoop(f"replication of {table.name}", requests.perform)
        self._lag: float | None = None
        self._asked_at: float | None = None
        self._different = stored.different if stored.differed_at is not None else None
        self._repaired = 0
        self._references = ReferenceCounts()

    def start(self) -> None:
        """Begin, and measure the lag now and then."""
        self.loop.start(replicate(self.run))
        self.loop.submit(self._measure())

    def stop(self) -> None:
        """Ask the tail to end after its present pages; a bulk copy ends at once."""
        self.run.stopping = True
        if not self.run.progress.barrier:
            self.loop.abandon()

    def heartbeat(self) -> Future[None]:
        """Done once the target has every write that the source had acknowledged by now."""
        return self.loop.submit(pass_heartbeat(self.run))

    def verify(self, now: datetime, references: ReferenceCounts) -> Future[Comparison]:
        """Compare everything, and repair what differs unless this replication does not. The journal has the result.

        `now` is AWS's time. `references` were counted in the target; one that is broken is a difference.
        """
        self._references = references
        return self.loop.submit(self._verify(now, references.broken))

    def compare_dirtied(self, now: datetime) -> Future[Comparison]:
        """Compare the keys that were copied since the last clean comparison.

        Raises `RefusedError` where these are unknown, because this run began later.
        """
        return self.loop.submit(self._compare_dirtied(now))

    @property
    def verified_at(self) -> datetime | None:
        """When the last complete comparison without a difference began; None if the stream lost records since."""
        generation, at = self._verified
        return at if generation == self.requests.generation else None

    @property
    def compared_at(self) -> datetime | None:
        """The same, also of one that found a difference."""
        generation, at = self._compared
        return at if generation == self.requests.generation else None

    def lag_seconds(self) -> float | None:
        """How long a write takes to be in the target; at least the age of the present measurement."""
        asked = self._asked_at
        if asked is None or self._lag is None:
            return self._lag
        return max(self._lag, time.monotonic() - asked)

    def state(self) -> TableState:
        """Where it is now."""
        counters = self.requests.counters
        return TableState(
            phase=self._phase(),
            items=counters.written,
            lag_seconds=self.lag_seconds(),
            quarantined=len(self.run.progress.quarantine),
            different=self._different,
            repaired=self._repaired,
            references=self._references,
            throttled=counters.throttled,
            throttles=dict(counters.throttles),
            unanswered=counters.unanswered,
            verified_at=self.verified_at,
        )

    def _phase(self) -> Phase:
        if not self.run.progress.positioned:
            return "starting"
        if not self.run.progress.barrier:
            return "copying"
        return "following" if self.run.following else "sweeping"

    def _measure(self) -> Task[None]:
        while not self.run.stopping:
            if not self.run.following:
                yield Wait(self._tuning.poll)
                continue
            self._asked_at = time.monotonic()
            yield from pass_heartbeat(self.run)
            self._lag, self._asked_at = time.monotonic() - self._asked_at, None
            # Each heartbeat writes some sentinels for each shard.
            yield Wait(max(self._tuning.heartbeat, len(self.run.reading) / _SHARDS_A_HEARTBEAT))

    def _verify(self, now: datetime, broken: int) -> Task[Comparison]:
        """What still differs behind a heartbeat is copied once more through its lane and compared again.

        Without repairs it is left as it is: in a slot that was open it may be a write of an app.
        """
        shards: dict[Shard, str | None] = dict(self.run.progress.shards)
        generation = self.requests.generation
        self._covered = False
        found = yield from validate(self.run, now.timestamp())
        self._covered = True
        for _ in range(_REPAIRS):
            if found.clean or not (self._repairs or found.unsettled):
                break
            found = yield from self._compare_again(found, now)
        self._different = len(found.different) + len(found.unsettled)
        found = replace(found, broken=broken)
        if found.clean:
            yield from journal(self.run, Verified(now, generation, shards))
            self._verified = self._compared = generation, now
        else:
            self.run.dirtied.update(_keys(found))
        if self._different:
            yield from journal(self.run, Differed(now, generation, self._different))
            self._verified, self._compared = (generation, None), (generation, now)
        return found

    def _compare_again(self, found: Comparison, now: datetime) -> Task[Comparison]:
        if self._repairs:
            self._repaired += len(found.different)
            yield from repair(self.run, _keys(found))
        if len(found.different) >= MOST_DIFFERENT:
            return (yield from validate(self.run, now.timestamp()))
        again = yield from validate_keys(self.run, _keys(found), now.timestamp())
        return replace(again, items=found.items)

    def _compare_dirtied(self, now: datetime) -> Task[Comparison]:
        if not self._covered:
            raise RefusedError(
                f"{self.table.name}: it was not compared since this replication began, so the keys that changed since "
                "are not known. Nothing was changed",
                next="Compare it: tee-infra migrate with --until-caught-up",
            )
        if self.run.incomplete:
            raise RefusedError(
                f"{self.table.name}: more than {MOST_DIRTIED:,} items changed since its last comparison. Nothing was "
                "changed",
                next="Compare it again: tee-infra migrate with --until-caught-up",
            )
        keys = set(self.run.dirtied)
        self.run.dirtied.clear()
        try:
            found = yield from validate_keys(self.run, keys, now.timestamp())
        except BaseException:
            self.run.dirtied.update(keys)
            raise
        if not found.clean:
            self.run.dirtied.update(keys)
        return found


def _keys(found: Comparison) -> tuple[Key, ...]:
    return (*found.different, *found.unsettled, *found.quarantined)
