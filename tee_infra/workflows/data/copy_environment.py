"""Copy the tables of one environment to another: permission, estimate and the copy itself."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.aws.s3_bulk_load import copy_in_aws
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.codec.scan_filter import ScanFilter
from tee_infra.core.data.comparison import CompareOptions, SourceChanges
from tee_infra.core.data.copy_policy import CopySide, TablePlan, check_sides, pair_tables, plan_table
from tee_infra.core.data.resume_point import Header, file_name
from tee_infra.local.private_files import OWN_FOLDER
from tee_infra.workflows.data.anonymize_report import check_shapes
from tee_infra.workflows.data.compare_tables import compare_tables
from tee_infra.workflows.data.copy_table import CopyOptions, CopyProgress, CopyResult, copy_table
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.source_watch import watch_copy
from tee_infra.workflows.data.sync_dev import Members, SubsetOptions, choose_members
from tee_infra.workflows.data.table_guard import guard_copy, require_unchanged
from tee_infra.workflows.data.table_io import TableAccess

EVERYTHING: Final = ScanFilter()


@dataclass(frozen=True, kw_only=True)
class CopyPlan:
    """A planned copy: the items that pass `filter`, the first `limit` of each table, and only those of `members`.

    `read_units` caps the read units per second; `bucket`: for export and bulk load of big tables.
    """

    source: CopySide
    target: CopySide
    tables: list[TablePlan]
    filter: ScanFilter = EVERYTHING
    limit: int | None = None
    members: Members | None = None
    read_units: float | None = None
    bucket: str | None = None

    @property
    def options(self) -> CopyOptions:
        """How to copy each table, but for what becomes of its members."""
        return CopyOptions(filter=self.filter, limit=self.limit)

    @property
    def whole(self) -> bool:
        """Whether every item of each table is read, by whichever members it is."""
        return not self.filter.members and self.limit is None


def prepare_copy(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[str],
    *,
    condition: ScanFilter = EVERYTHING,
    limit: int | None = None,
    choice: SubsetOptions | None = None,
    read_units: float | None = None,
    bucket: str | None = None,
) -> CopyPlan:
    """Check that the copy is allowed and plan its tables; anonymized attributes must be classified. Writes nothing.

    `tables` are logical names, none for all. With a `bucket`, tables above `AWS_ROUTE_BYTES` that are copied whole go
    through DynamoDB's export and bulk load.

    Raises as `check_sides`, `pair_tables`, `guard_copy`, `plan_table` and `choose_members` do, `NoTableError`, and
    `UnclassifiedAttributesError`.
    """
    anonymized = choice is not None and choice.key is not None
    check_sides(*ends, anonymized=anonymized)
    partly = bool(condition.members) or limit is not None or choice is not None
    found = [(name, source.table(mine), target.table(its)) for name, mine, its in pair_tables(*ends, tables)]
    guard_copy(source, target, ends, [(mine, its) for _, mine, its in found], anonymized=anonymized)
    plans = [plan_table(name, mine, its, transformed=partly, bucket=bucket is not None) for name, mine, its in found]
    if anonymized:
        transport = source.transport()
        check_shapes([(plan.name, TableAccess(transport, plan.source)) for plan in plans])
    return CopyPlan(
        source=ends[0],
        target=ends[1],
        tables=plans,
        filter=condition,
        limit=limit,
        members=choose_members(source, ends[0], choice) if choice is not None else None,
        read_units=read_units,
        bucket=bucket,
    )


def run_copy(
    source: DynamoDb,
    target: DynamoDb,
    plan: CopyPlan,
    checkpoint_path: Path | None,
    *,
    resume: bool,
    transport: TransportName | None,
    report: Callable[[TablePlan, CopyProgress], None],
) -> list[CopyResult]:
    """Carry out a plan, table by table, each validated.

    The resume file is `checkpoint_path`, by default one in `.tee` of this very copy; it is deleted after every table
    was validated. Raises `CopyIncompleteError`, `TableReplacedError`,
    `UnclassifiedError`, and as `ResumeFile.open` does.
    """
    header = _header(source, target, plan)
    path = checkpoint_path or Path(OWN_FOLDER) / file_name(plan.source.name, plan.target.name, header)
    checkpoint = ResumeFile.open(path, header, resume=resume)
    results: list[CopyResult] = []
    done = False
    try:
        mine, its = source.transport(transport), target.transport(transport)
        for table in plan.tables:
            sides = (
                TableAccess(mine, table.source, SharedRateLimiter(RateLimiter(cap=plan.read_units))),
                TableAccess(its, table.target),
            )
            if table.route == "aws" and plan.bucket is not None:
                results.append(_copy_in_aws(table, (source, target), sides, plan.bucket))
            else:
                results.append(_copy_table(plan, table, (source, *sides), checkpoint, partial(report, table)))
            require_unchanged(source, table.source)
            require_unchanged(target, table.target)
        done = all(result.validated for result in results)
    finally:
        checkpoint.close(done=done)
    return results


def _header(source: DynamoDb, target: DynamoDb, plan: CopyPlan) -> Header:
    members = plan.members
    return Header(
        source=f"{source.endpoint} {plan.source.name}",
        target=f"{target.endpoint} {plan.target.name}",
        tables=tuple((table.source.name, table.target.name) for table in plan.tables),
        segments=plan.options.segments,
        transform=members.fingerprint if members else "",
        filter="" if members and plan.whole else f"{plan.filter.text} limit {plan.limit}",
        ids=tuple(side.id or side.created for table in plan.tables for side in (table.source, table.target)),
    )


def _copy_table(
    plan: CopyPlan,
    table: TablePlan,
    ends: tuple[DynamoDb, TableAccess, TableAccess],
    checkpoint: ResumeFile,
    report: Callable[[CopyProgress], None],
) -> CopyResult:
    """Through this machine. What validation reads again is not counted once more."""
    members, options, anonymizer = plan.members, plan.options, None
    if members is not None:
        anonymizer, silent = (members.anonymizer(table.name) for _ in range(2))
        transform, compare_as = (members.transform(table.name, each) for each in (anonymizer, silent))
        options = replace(options, transform=transform, compare_as=compare_as)
    source, *sides = ends
    result = watch_copy(
        source,
        sides[0],
        options,
        partial(copy_table, table.name, *sides, options=options, checkpoint=checkpoint, report=report),
        resumed=any(name == table.target.name for name, _ in checkpoint.state.positions),
    )
    return replace(result, rules=anonymizer.report() if anonymizer else ())


def _copy_in_aws(
    table: TablePlan, ends: tuple[DynamoDb, DynamoDb], sides: tuple[TableAccess, TableAccess], bucket: str
) -> CopyResult:
    """By DynamoDB's export and bulk load. They continue in AWS if this process is killed; a second run starts over."""
    began, cpu = time.monotonic(), time.process_time()
    load = copy_in_aws(
        (ends[0].client, ends[1].client), table.source, table.target, bucket=bucket, token=str(uuid.uuid4())
    )
    comparison = compare_tables(*sides, CompareOptions())
    return CopyResult(
        table=table.name,
        read=load.processed,
        written=load.processed - load.failed,
        retried=0,
        throttled=0,
        requests=0,
        seconds=time.monotonic() - began,
        client_cpu_seconds=time.process_time() - cpu,
        validated=comparison.complete,
        comparison=comparison,
        source_changes=SourceChanges(by=None, changed=None, problem="AWS exported the table as of one moment"),
    )
