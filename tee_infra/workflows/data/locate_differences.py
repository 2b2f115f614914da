"""Pass 2 of comparing two tables: the differing keys and paths.

Every item of a differing bucket is looked up on the other side with a consistent read. An item that seems to differ is
first read again on its own side: an item that changed during the scans is compared in its current version.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tee_infra.core.codec.digest import bucket_of, canonical, canonical_and_key, differing_paths
from tee_infra.core.codec.expiry import is_expired
from tee_infra.core.codec.raw_items import BATCH_KEYS, RawItem, key_of
from tee_infra.core.data.comparison import CompareOptions, Comparison, Difference
from tee_infra.workflows.data.request_loop import Requests
from tee_infra.workflows.data.table_io import TableAccess, get_items, put_new_item, scan_pages
from tee_infra.workflows.data.workers import run_workers
from tee_infra.workflows.data.write_queue import Refused


def locate_differences(
    source: TableAccess, target: TableAccess, options: CompareOptions, buckets: frozenset[int], target_items: int
) -> Comparison:
    """The differences among the items of `buckets`, of which the target has `target_items`.

    With a transform, the source cannot be read by the target's keys: extra items are then counted, but not listed.
    """
    search = _Search(source, target, options, buckets)
    backward = options.transform is None and not options.subset and options.limit is None
    parts = [(False, segment) for segment in range(options.segments)]
    parts += [(True, segment) for segment in range(options.segments) if backward]
    run_workers(parts, options.workers, search.stop, search.work)
    if options.transform is not None and not options.subset:
        search.found.extra = max(0, target_items - search.matched)
    return search.found


@dataclass
class _Search:
    """State shared by the workers."""

    source: TableAccess
    target: TableAccess
    options: CompareOptions
    buckets: frozenset[int]
    found: Comparison = field(default_factory=Comparison)
    matched: int = 0
    now: float = field(default_factory=time.time)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, parts: Iterator[tuple[bool, int]]) -> None:
        """One worker: searches the segments that it draws, of either table."""
        backoff = self.options.backoff
        with self.source.requests(self.stop, backoff) as source, self.target.requests(self.stop, backoff) as target:
            for backward, segment in parts:
                own, other = (target, source) if backward else (source, target)
                side = self.target if backward else self.source
                for items in self._batches(own, side, segment):
                    if backward:
                        self._find_extra(items, own, other)
                    else:
                        self._find_missing(items, own, other)

    def _batches(self, requests: Requests, side: TableAccess, segment: int) -> Iterator[list[RawItem]]:
        """The items of a segment in differing buckets, in batches of one lookup."""
        options = self.options
        left = options.limit
        for page in scan_pages(requests, side.table.name, segment, options.segments, options.filter.members):
            read = page.items[:left]
            left = None if left is None else left - len(read)
            changed = options.transform(read) if options.transform else read
            items = [item for item in changed if bucket_of(self._key(item)) in self.buckets]
            for start in range(0, len(items), BATCH_KEYS):
                yield list(items[start : start + BATCH_KEYS])
            if left == 0:
                return

    def _find_missing(self, items: Sequence[RawItem], source: Requests, target: Requests) -> None:
        there = self._look_up(target, self.target, items)
        suspects = [item for item in items if not _same(item, there.get(self._key(item)))]
        if self.options.transform is None and suspects:
            suspects = list(self._look_up(source, self.source, suspects).values())
        found = Comparison()
        for item in suspects:
            other = there.get(self._key(item))
            if other is None and is_expired(item, self.source.table.ttl_attribute, self.now):
                found.expired += 1
            elif other is None:
                found.note(Difference("missing", self._shown(item)))
                if self.options.repair_missing:
                    outcome = put_new_item(target, self.target.table, item)
                    if isinstance(outcome, Refused):
                        found.refused.append(outcome.named(self.target.table.key_names))
                    else:
                        found.repaired += outcome
            elif not _same(item, other):
                found.note(Difference("different", self._shown(item), tuple(differing_paths(item, other))))
        with self.lock:
            self.matched += len(there)
            self.found.merge(found)

    def _find_extra(self, items: Sequence[RawItem], target: Requests, source: Requests) -> None:
        there = self._look_up(source, self.source, items)
        suspects = [item for item in items if self._key(item) not in there]
        found = Comparison()
        if suspects:
            for item in self._look_up(target, self.target, suspects).values():
                if is_expired(item, self.target.table.ttl_attribute, self.now):
                    found.expired += 1
                    continue
                found.note(Difference("extra", self._shown(item)))
        with self.lock:
            self.found.merge(found)

    def _look_up(self, requests: Requests, side: TableAccess, items: Sequence[RawItem]) -> dict[bytes, RawItem]:
        keys = [key_of(item, side.table.key_names) for item in items]
        return {self._key(item): item for item in get_items(requests, side.table.name, keys)}

    def _key(self, item: RawItem) -> bytes:
        return canonical_and_key(item, self.target.table.key_names)[1]

    def _shown(self, item: RawItem) -> str:
        return key_of(item, self.target.table.key_names).decode()


def _same(item: RawItem, other: RawItem | None) -> bool:
    return other is not None and canonical(item) == canonical(other)
