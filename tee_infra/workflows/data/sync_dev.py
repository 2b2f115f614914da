"""Copy an environment's data for development: a subset of its people, under pseudonyms."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.anonymizer import Anonymizer, decode, partition_key_of
from tee_infra.core.codec.pseudonyms import Pseudonyms
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.codec.subset import Subset
from tee_infra.core.codec.transform import Transform
from tee_infra.core.data.copy_policy import CopySide, TablePlan, check_sides, pair_tables, plan_table
from tee_infra.core.data.resume_point import Header
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.errors import UsageError
from tee_infra.workflows.data.anonymize_report import catalog_table, check_shapes
from tee_infra.workflows.data.copy_table import CopyOptions, CopyProgress, CopyResult, copy_table
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess, scan_pages


@dataclass(frozen=True, kw_only=True)
class SubsetOptions:
    """Which people, and under what names. `key` None: under their own. Neither `fraction` nor `entities`: everybody."""

    key: bytes | None
    fraction: float | None = None
    entities: int | None = None

    def __post_init__(self) -> None:
        if self.fraction is not None and self.entities is not None:
            raise UsageError("--fraction and --entities both say how many people; give one of them")


@dataclass(frozen=True, kw_only=True)
class SyncPlan:
    """What will be copied, decided before anything is written. `read_units` caps what is read a second."""

    source: CopySide
    target: CopySide
    tables: list[TablePlan]
    key: bytes | None
    subset: Subset | None
    read_units: float | None = None

    @property
    def fingerprint(self) -> str:
        """A text that changes with key and subset, and tells neither."""
        threshold = self.subset.threshold if self.subset else None
        text = f"{threshold}".encode()
        return hashlib.blake2b(text, digest_size=8, key=self.key or b"", person=b"tee:fingerprint").hexdigest()


@dataclass(frozen=True)
class Applied:
    """One rule, and to how many values it was applied in this run."""

    attribute: str
    becomes: str
    count: int


@dataclass(frozen=True)
class SyncedTable:
    """One table: `extra` items were in the target and belong to nobody who was copied; they are left alone."""

    result: CopyResult
    rules: list[Applied]
    validated: bool
    extra: int


def plan_sync(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[str],
    choice: SubsetOptions,
    *,
    read_units: float | None = None,
) -> SyncPlan:
    """Who may copy to whom, what there is to copy, and whether all of it is classified. Writes nothing.

    `tables` are logical names, none for all. Raises as `check_sides`, `pair_tables` and `plan_table` do,
    `UnclassifiedAttributesError`, `SubsetError`.
    """
    check_sides(*ends, anonymised=choice.key is not None)
    plans = [
        plan_table(name, source.table(mine), target.table(its), transformed=True, bucket=False)
        for name, mine, its in pair_tables(*ends, tables)
    ]
    if choice.key is not None:
        transport = source.transport()
        check_shapes([(plan.name, TableAccess(transport, plan.source)) for plan in plans])
    subset = _subset(source, ends[0], choice)
    return SyncPlan(source=ends[0], target=ends[1], tables=plans, key=choice.key, subset=subset, read_units=read_units)


def sync(
    source: DynamoDb,
    target: DynamoDb,
    plan: SyncPlan,
    checkpoint_path: Path,
    *,
    resume: bool,
    transport: TransportName | None,
    report: Callable[[TablePlan, CopyProgress], None],
) -> list[SyncedTable]:
    """Carry out a plan, table by table, each validated. Raises `CopyIncompleteError`, `UnclassifiedError`."""
    header = Header(
        source=f"{source.endpoint} {plan.source.name}",
        target=f"{target.endpoint} {plan.target.name}",
        tables=tuple((table.source.name, table.target.name) for table in plan.tables),
        segments=CopyOptions().segments,
        transform=plan.fingerprint,
    )
    checkpoint = ResumeFile.open(checkpoint_path, header, resume=resume)
    synced: list[SyncedTable] = []
    try:
        mine, its = source.transport(transport), target.transport(transport)
        for table in plan.tables:
            sides = (
                TableAccess(mine, table.source, SharedRateLimiter(RateLimiter(cap=plan.read_units))),
                TableAccess(its, table.target),
            )
            synced.append(_sync_table(plan, table, sides, checkpoint, partial(report, table)))
    finally:
        checkpoint.close(done=len(synced) == len(plan.tables) and all(table.validated for table in synced))
    return synced


def _sync_table(
    plan: SyncPlan,
    table: TablePlan,
    sides: tuple[TableAccess, TableAccess],
    checkpoint: ResumeFile,
    report: Callable[[CopyProgress], None],
) -> SyncedTable:
    anonymizer, silent = (_anonymizer(plan, table.name) for _ in range(2))
    options = CopyOptions(
        transform=_transform(plan, table.name, anonymizer), compare_as=_transform(plan, table.name, silent)
    )
    result = copy_table(table.name, *sides, options=options, checkpoint=checkpoint, report=report)
    return _synced(result, anonymizer)


def _synced(result: CopyResult, anonymizer: Anonymizer | None) -> SyncedTable:
    applied = sorted(anonymizer.applied.items()) if anonymizer else []
    compared = result.comparison
    return SyncedTable(
        result=result,
        rules=[Applied(attribute, becomes, count) for (attribute, becomes), count in applied],
        validated=compared is None or not (compared.missing or compared.different),
        extra=compared.extra if compared else 0,
    )


def _anonymizer(plan: SyncPlan, name: str) -> Anonymizer | None:
    return Anonymizer(catalog_table(name), Pseudonyms(plan.key)) if plan.key is not None else None


def _transform(plan: SyncPlan, name: str, anonymizer: Anonymizer | None) -> Transform | None:
    subset = plan.subset
    if subset is None:
        return anonymizer
    table = catalog_table(name)

    def take(items: Sequence[RawItem]) -> Sequence[RawItem]:
        taken = [item for item in items if subset.takes(partition_key_of(table, decode(item)))]
        return anonymizer(taken) if anonymizer else taken

    return take


def _subset(source: DynamoDb, end: CopySide, choice: SubsetOptions) -> Subset | None:
    key = choice.key or b""
    if choice.fraction is not None:
        return Subset.of_fraction(key, choice.fraction)
    if choice.entities is None:
        return None
    people = TABLES[0]
    if people.name not in end.tables:
        raise UsageError(f"--entities counts the people in {people.name}; use it with an environment, not {end.name}")
    return Subset.of_count(key, choice.entities, _partition_keys(source, people, end.tables[people.name]))


def _partition_keys(source: DynamoDb, table: Table, physical: str) -> Iterator[str]:
    only_the_key = {
        "ProjectionExpression": "#key",
        "ExpressionAttributeNames": {"#key": table.partition_key.name},
    }
    with TableAccess(source.transport(), source.table(physical)).requests(Event(), Backoff()) as requests:
        for page in scan_pages(requests, physical, extra=only_the_key):
            yield from (partition_key_of(table, decode(item)) for item in page.items)
