"""Replication: position, bulk copy, barrier, tail; from any moment of an earlier run.

Correct because the position is older than every scanned value, and because from the barrier on only the lanes write.
A key without an event after the position has its scanned value. A key with one is copied after its last event, by
the lane's last write, which reads the final value; a deleted item is absent then. Source of the argument: the
exhaustive model in `tests/support/cutover_model.py`.
"""

from tee_infra.core.cutover.bulk_copy import copy_segment
from tee_infra.core.cutover.copying import work
from tee_infra.core.cutover.journal import BarrierPassed, PositionTaken
from tee_infra.core.cutover.requests import Page, Position, ReadPosition, ScanPage, Side, Start, Task, Until, Wait, ask
from tee_infra.core.cutover.run import Run, journal
from tee_infra.core.cutover.tail import read_shard, retry_quarantine, sweep


def replicate(run: Run) -> Task[None]:
    """Bring the target to what the source has and keep it there until `run.stopping`.

    Nothing stops the bulk copy but a crash. The writes of an earlier run may still land, so it begins with a wait.
    """
    yield from outwait_earlier_run(run)
    if not run.progress.positioned:
        yield from take_first_position(run)
    if not run.progress.barrier:
        yield from copy_all(run)
        yield from barrier(run)
        yield from journal(run, BarrierPassed())
    for lane in range(run.plan.lanes):
        yield Start(work(run, lane))
    while not run.stopping:
        yield from follow(run)
        if run.trimmed:
            yield from start_over(run)


def outwait_earlier_run(run: Run) -> Task[None]:
    """Wait until no write of an earlier run can land."""
    yield Wait(run.plan.in_flight_seconds)


def take_first_position(run: Run) -> Task[None]:
    """Record where the stream ends before the first scan, and whether the target's own keys must be copied too."""
    position = yield from ask(ReadPosition(), Position)
    empty = True
    for segment in range(run.progress.segments):
        after: bytes | None = None
        while empty and after != b"":
            page = yield from ask(ScanPage(Side.TARGET, segment, run.progress.segments, after or b""), Page)
            empty, after = not page.items, page.after
    yield from journal(run, PositionTaken(position, () if empty else (Side.TARGET,)))


def copy_all(run: Run) -> Task[None]:
    """Copy all segments beside each other."""
    run.copying = run.progress.segments
    for segment in range(run.progress.segments):
        yield Start(copy_segment(run, segment))
    yield Until(lambda: run.copying == 0)


def barrier(run: Run) -> Task[None]:
    """Wait until no write of the bulk copy can land: it could undo what the tail writes."""
    yield Wait(run.plan.in_flight_seconds)


def follow(run: Run) -> Task[None]:
    """Read the stream and finish the sweeps, until the run stops or records are lost."""
    shards, sweeps = tuple(run.progress.shards), tuple(run.progress.sweeps)
    run.reading, run.sweeping = set(shards), len(sweeps) + 1
    for shard in shards:
        yield Start(read_shard(run, shard))
    for segment in sweeps:
        yield Start(sweep(run, segment))
    yield Start(retry_quarantine(run))
    yield Until(lambda: not run.reading and not run.sweeping)


def start_over(run: Run) -> Task[None]:
    """After lost records: a new position, then every key of both sides through the lanes.

    The keys of the target are needed for items that were deleted meanwhile; `follow` adds those in quarantine, which
    may be in neither table.
    """
    position = yield from ask(ReadPosition(), Position)
    yield from journal(run, PositionTaken(position, (Side.SOURCE, Side.TARGET)))
    run.trimmed = False
