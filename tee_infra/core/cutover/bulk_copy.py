"""The bulk copy: the values of a strong scan, put until nothing is unprocessed. It is never the last to write a key
that changes: the tail begins behind the barrier."""

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.journal import SegmentCopied
from tee_infra.core.cutover.requests import Key, Page, ScanPage, Side, Task, Wait, WriteItems, Written, ask, retry_delay
from tee_infra.core.cutover.run import WRITE_ITEMS, Run, canonical_key, journal, quarantine, transformed


def copy_segment(run: Run, segment: int) -> Task[None]:
    """Copy a segment of the source from where the journal says; each page is recorded once it is acknowledged."""
    after = run.progress.copied.get(segment)
    while after != b"":
        page = yield from ask(ScanPage(Side.SOURCE, segment, run.progress.segments, after or b""), Page)
        yield from _put(run, page.items)
        yield from journal(run, SegmentCopied(segment, page.after))
        after = page.after
    run.copying -= 1


def _put(run: Run, items: tuple[RawItem, ...]) -> Task[None]:
    values: dict[Key, RawItem] = {}
    for item in items:
        key = canonical_key(item, run.plan.key_names)
        value = yield from transformed(run, key, item)
        if value is not None:
            values[key] = value
    failures = 0
    while values:
        batch = tuple(values)[:WRITE_ITEMS]
        answer = yield from ask(WriteItems(tuple(values[key] for key in batch)), Written)
        for key, reason in answer.refused.items():
            yield from quarantine(run, key, reason)
        values = {key: value for key, value in values.items() if key not in batch or key in answer.unprocessed}
        failures = failures + 1 if answer.unprocessed else 0
        if answer.unprocessed:
            yield Wait(retry_delay(failures))
