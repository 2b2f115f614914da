"""Compare two tables in passes, in constant memory.

Items with equal bytes, the usual result of a copy, are found equal by one cheap pass over both tables. Otherwise the
canonical items are digested into buckets by the hash of the key, independent of the segments of either table, and
`locate_differences` reads the differing buckets again.
"""

import threading
from collections.abc import Callable, Iterator, Sequence

from tee_infra.core.codec.digest import BUCKETS, Buckets, Signature
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.codec.transform import Transform
from tee_infra.core.data.comparison import CompareOptions, Comparison
from tee_infra.workflows.data.locate_differences import locate_differences
from tee_infra.workflows.data.table_io import TableAccess, scan_pages
from tee_infra.workflows.data.workers import run_workers


def compare_tables(source: TableAccess, target: TableAccess, options: CompareOptions) -> Comparison:
    """Compare the items of two tables. Raises `RequestRefusedError`, `NoProgressError`, `StoppedError`."""
    if options.subset or options.limit is not None:
        return locate_differences(source, target, options, frozenset(range(BUCKETS)), 0)
    mine = signature_of(source, options, options.transform, raw=True)
    its = signature_of(target, options, raw=True)
    if mine == its:
        return Comparison(source_items=mine.count, target_items=its.count)
    return _compare_buckets(source, target, options)


def signature_of(
    side: TableAccess, options: CompareOptions, transform: Transform | None = None, *, raw: bool = False
) -> Signature:
    """The signature of a table's items that pass the filter; `raw`: of their bytes, not of their canonical form."""
    total, lock = Signature(), threading.Lock()

    def digest(pages: Iterator[Sequence[RawItem]]) -> None:
        mine = Signature()
        for items in pages:
            if raw:
                mine.add_raw(items)
            else:
                mine.add(items)
        with lock:
            total.merge(mine)

    _digest_table(side, options, transform, digest)
    return total


def _compare_buckets(source: TableAccess, target: TableAccess, options: CompareOptions) -> Comparison:
    mine = _buckets(source, options, options.transform)
    its = _buckets(target, options, None)
    found = Comparison(source_items=mine.count, target_items=its.count)
    if differing := mine.differing(its):
        in_buckets = sum(its.counts[bucket] for bucket in differing)
        found.merge(locate_differences(source, target, options, differing, in_buckets))
    return found


def _buckets(side: TableAccess, options: CompareOptions, transform: Transform | None) -> Buckets:
    total, lock = Buckets(), threading.Lock()

    def digest(pages: Iterator[Sequence[RawItem]]) -> None:
        mine = Buckets()
        for items in pages:
            mine.add(items, side.table.key_names)
        with lock:
            total.merge(mine)

    _digest_table(side, options, transform, digest)
    return total


def _digest_table(
    side: TableAccess,
    options: CompareOptions,
    transform: Transform | None,
    digest: Callable[[Iterator[Sequence[RawItem]]], None],
) -> None:
    """Pass the pages of a table to `digest` in several threads."""
    stop = threading.Event()

    def work(segments: Iterator[int]) -> None:
        members = options.filter.members
        with side.requests(stop, options.backoff) as requests:
            digest(
                transform(page.items) if transform else page.items
                for segment in segments
                for page in scan_pages(requests, side.table.name, segment, options.segments, members)
            )

    run_workers(range(options.segments), options.workers, stop, work)
