"""The tail: the source's stream, parents before children, and sweeps of keys after records were lost.

A stream record only names a key that changed; its value is read when the lane copies it. So records may come in any
order, twice, or again after a restart. Parents are read before children so that a heartbeat is a proof.
"""

from tee_infra.core.cutover.journal import Segment, SegmentSwept, ShardFinished, ShardRead
from tee_infra.core.cutover.requests import (
    Children,
    Page,
    ReadChildren,
    ReadRecords,
    Records,
    ScanPage,
    Shard,
    Start,
    Task,
    Until,
    Wait,
    ask,
)
from tee_infra.core.cutover.run import Run, canonical_key, journal


def read_shard(run: Run, shard: Shard) -> Task[None]:
    """Follow a shard from where the journal says, until it is closed and read, the run stops, or records are lost."""
    while not run.stopping and not run.trimmed:
        records = yield from ask(ReadRecords(shard, run.progress.shards[shard]), Records)
        if records.trimmed:
            run.trimmed = True
            break
        yield from apply_records(run, shard, records)
        if records.closed:
            yield from _continue(run, shard)
            break
        if not records.changes:
            yield Wait(run.plan.poll_seconds)
    run.reading.discard(shard)


def apply_records(run: Run, shard: Shard, records: Records) -> Task[None]:
    """Copy the keys of a page; the journal advances once the lanes have acknowledged them all."""
    ticket = run.lanes.add(change.key for change in records.changes if change.sentinel is None)
    yield Until(lambda: ticket.done)
    for heartbeat in run.heartbeats:
        if any(change.sentinel in heartbeat.tokens for change in records.changes):
            heartbeat.passed.add(shard)
    if records.after is not None and records.after != run.progress.shards[shard]:
        yield from journal(run, ShardRead(shard, records.after))


def _continue(run: Run, shard: Shard) -> Task[None]:
    while not (found := (yield from ask(ReadChildren(shard), Children))).shards:
        yield Wait(run.plan.poll_seconds)
        if run.stopping or run.trimmed:
            return
    yield from journal(run, ShardFinished(shard, found.shards))
    for child in found.shards:
        run.reading.add(child)
        yield Start(read_shard(run, child))


def sweep(run: Run, segment: Segment) -> Task[None]:
    """Copy every key of a segment of one side through the lanes, from where the journal says."""
    side, number = segment
    while segment in run.progress.sweeps and not run.stopping and not run.trimmed:
        after = run.progress.sweeps[segment]
        page = yield from ask(ScanPage(side, number, run.progress.segments, after), Page)
        ticket = run.lanes.add(canonical_key(item, run.plan.key_names) for item in page.items)
        yield Until(lambda: ticket.done)  # noqa: B023  # the generator waits here, within the same round
        yield from journal(run, SegmentSwept(segment, page.after))
    run.sweeping -= 1


def retry_quarantine(run: Run) -> Task[None]:
    """Copy the keys in quarantine again: the event that would release one may be lost, or the transform better now."""
    ticket = run.lanes.add(run.progress.quarantine)
    yield Until(lambda: ticket.done)
    run.sweeping -= 1
