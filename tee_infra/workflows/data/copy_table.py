"""Copy a table: scan, transform, write, checkpoint, validate; several workers draw from its segments."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.anonymizer import Applied
from tee_infra.core.codec.digest import Signature
from tee_infra.core.codec.refusals import RefusedItem
from tee_infra.core.codec.scan_filter import ScanFilter
from tee_infra.core.codec.transform import Transform
from tee_infra.core.data.comparison import SEGMENTS_A_WORKER, CompareOptions, Comparison, SourceChanges
from tee_infra.errors import PartialError, TeeInfraError
from tee_infra.workflows.data.compare_tables import compare_tables, signature_of
from tee_infra.workflows.data.request_loop import Requests, Tally
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess, put_items, scan_pages
from tee_infra.workflows.data.workers import run_workers


@dataclass(frozen=True, kw_only=True)
class CopyOptions:
    """Options of a copy. `in_flight`: maximum concurrent write requests of all workers."""

    transform: Transform | None = None
    compare_as: Transform | None = None
    """The transform that validation applies: the same one without counters. None: `transform` itself."""
    filter: ScanFilter = field(default_factory=ScanFilter)
    limit: int | None = None
    workers: int = 2
    in_flight: int = 32
    backoff: Backoff = field(default_factory=Backoff)

    @property
    def segments(self) -> int:
        """Number of scan segments. A limited copy takes the first items of the table, so it has one segment."""
        return 1 if self.limit is not None else self.workers * SEGMENTS_A_WORKER


@dataclass(frozen=True, kw_only=True)
class CopyResult:
    """Result of a copy. `read` and `written` include the runs before a `--resume`; the other counts are this run's.

    `validated`: the target has every copied item. It may have other items too, which `comparison` counts; it is None if
    the target's signature equals that of the written items, the usual case. `rules`: the values that this run replaced,
    empty for a plain copy.
    """

    table: str
    read: int
    written: int
    retried: int
    throttled: int
    requests: int
    seconds: float
    client_cpu_seconds: float
    validated: bool
    comparison: Comparison | None = None
    rules: tuple[Applied, ...] = ()
    refused: tuple[RefusedItem, ...] = ()
    """The items that the target does not take, by their keys in the target; then it is not `validated`."""
    written_signature: Signature | None = None
    """The signature of the written items, of all runs."""
    source_changes: SourceChanges | None = None
    """What is known of writes to the source during the copy. None: not checked."""

    @property
    def extra(self) -> int:
        """How many items of the target are not of the copy; they are left alone."""
        return self.comparison.extra if self.comparison else 0


@dataclass(frozen=True, kw_only=True)
class CopyProgress:
    """Progress of a copy: acknowledged items, bytes read, write units, throttled replies."""

    items: int
    size: int
    units: float
    throttled: int
    seconds: float


class CopyIncompleteError(PartialError):
    """An incomplete copy: `left` segments of `segments` are not finished."""

    def __init__(self, table: str, written: int, left: int, segments: int, reason: str) -> None:
        self.table = table
        self.written = written
        self.left = left
        self.segments = segments
        super().__init__(
            f"{table}: the copy stopped: {reason}. {written:,} items were copied, {left} of {segments} segments "
            "are incomplete",
            next="To resume, run the same command with --resume",
        )


def copy_table(
    name: str,
    source: TableAccess,
    target: TableAccess,
    *,
    options: CopyOptions,
    checkpoint: ResumeFile,
    report: Callable[[CopyProgress], None] | None = None,
) -> CopyResult:
    """Copy one table and validate the target. Raises `CopyIncompleteError`, also for Ctrl-C.

    An item is counted, and its page recorded in the checkpoint, only after the target has acknowledged it. An item
    that the target refuses stops nothing, but neither its page nor a later one of its segment is recorded: `--resume`
    tries it again.
    """
    began, cpu = time.monotonic(), time.process_time()
    run = _Run(source, target, options, checkpoint)

    def tick() -> None:
        if report is not None:
            report(run.progress(time.monotonic() - began))

    try:
        run_workers(run.unfinished(), options.workers, run.stop, run.work, tick)
        comparison = _validate(run)
    except (TeeInfraError, KeyboardInterrupt) as error:
        left = len(run.unfinished())
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        raise CopyIncompleteError(name, run.written.count, left, run.segments, reason) from error
    return CopyResult(
        table=name,
        read=run.read,
        written=run.written.count,
        retried=sum(tally.retried for tally in run.tallies),
        throttled=sum(tally.throttled for tally in run.tallies),
        requests=sum(tally.requests for tally in run.tallies),
        seconds=time.monotonic() - began,
        client_cpu_seconds=time.process_time() - cpu,
        validated=(comparison is None or comparison.complete) and not run.refused,
        comparison=comparison,
        refused=tuple(run.refused),
        written_signature=run.written,
    )


def compare_options(options: CopyOptions) -> CompareOptions:
    """How to compare the result of a copy. A target of a partial copy may rightly have other items."""
    return CompareOptions(
        transform=options.compare_as or options.transform,
        filter=options.filter,
        limit=options.limit,
        subset=bool(options.filter.members) and options.transform is not None,
        workers=options.workers,
        backoff=options.backoff,
    )


def _validate(run: "_Run") -> Comparison | None:
    compare = compare_options(run.options)
    whole = compare.limit is None and not compare.subset
    if whole and signature_of(run.target, compare, raw=True) == run.written:
        return None
    return compare_tables(run.source, run.target, compare)


class _Run:
    """State shared by the workers of one table."""

    def __init__(self, source: TableAccess, target: TableAccess, options: CopyOptions, checkpoint: ResumeFile) -> None:
        self.source = source
        self.target = target
        self.options = options
        self.segments = checkpoint.state.header.segments
        self.stop = threading.Event()
        self.tallies: list[Tally] = []
        self.size = 0
        self.refused: list[RefusedItem] = []
        self._checkpoint = checkpoint
        self._lock = threading.Lock()
        self._positions = {
            segment: position
            for (table, segment), position in checkpoint.state.positions.items()
            if table == target.table.name
        }
        self._reads = {segment: position.read for segment, position in self._positions.items()}
        self._signatures = {segment: position.signature for segment, position in self._positions.items()}
        self._finished = {segment for segment, position in self._positions.items() if position.done}

    @property
    def read(self) -> int:
        return sum(list(self._reads.values()))

    @property
    def written(self) -> Signature:
        total = Signature()
        for signature in list(self._signatures.values()):
            total.merge(signature)
        return total

    def unfinished(self) -> list[int]:
        return [segment for segment in range(self.segments) if segment not in self._finished]

    def progress(self, seconds: float) -> CopyProgress:
        tallies = list(self.tallies)
        return CopyProgress(
            items=self.written.count,
            size=self.size,
            units=sum(tally.units for tally in tallies),
            throttled=sum(tally.throttled for tally in tallies),
            seconds=seconds,
        )

    def work(self, segments: Iterator[int]) -> None:
        """One worker: copies the segments that it draws until none is left."""
        backoff, width = self.options.backoff, max(1, self.options.in_flight // self.options.workers)
        with (
            self.source.requests(self.stop, backoff) as reader,
            self.target.requests(self.stop, backoff, width) as writer,
        ):
            self.tallies += [reader.tally, writer.tally]
            for segment in segments:
                self._copy_segment(segment, reader, writer)

    def _copy_segment(self, segment: int, reader: Requests, writer: Requests) -> None:
        position = self._positions.get(segment)
        signature = position.signature if position else Signature()
        read = position.read if position else 0
        limit = self.options.limit
        complete = True
        pages = scan_pages(
            reader,
            self.source.table.name,
            segment,
            self.segments,
            self.options.filter.members,
            start=position.last_key.encode() if position else b"",
        )
        for page in pages:
            items = page.items if limit is None else page.items[: limit - read]
            read += len(items)
            last_key = b"" if read == limit else page.last_key
            changed = self.options.transform(items) if self.options.transform else items
            if refused := put_items(writer, self.target.table.name, changed):
                complete = False
                left = {id(entry.item) for entry in refused}
                changed = [item for item in changed if id(item) not in left]
            signature = Signature(signature.count, signature.total)
            signature.add_raw(changed)
            if complete:
                self._checkpoint.record(self.target.table.name, segment, last_key, read, signature)
            with self._lock:
                self.refused += [entry.named(self.target.table.key_names) for entry in refused]
                self.size += page.size
                self._reads[segment], self._signatures[segment] = read, signature
            if not last_key:
                break
        self._finished.add(segment)
