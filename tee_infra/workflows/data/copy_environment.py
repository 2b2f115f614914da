"""Copy the tables of one environment to another: who may, what it takes, and the copy itself."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.aws.s3_bulk_load import copy_in_aws
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.codec.scan_filter import ScanFilter
from tee_infra.core.data.comparison import CompareOptions
from tee_infra.core.data.copy_policy import CopySide, TablePlan, check_sides, pair_tables, plan_table
from tee_infra.core.data.resume_point import Header
from tee_infra.workflows.data.compare_tables import compare_tables
from tee_infra.workflows.data.copy_table import CopyOptions, CopyProgress, CopyResult, copy_table
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.data.table_io import TableAccess


@dataclass(frozen=True, kw_only=True)
class CopyPlan:
    """What will be copied, decided before anything is written.

    `read_units` caps what is read a second. `bucket` is where big tables may pass through.
    """

    source: CopySide
    target: CopySide
    tables: list[TablePlan]
    filter: ScanFilter
    limit: int | None = None
    read_units: float | None = None
    bucket: str | None = None


def plan_copy(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[str],
    *,
    condition: ScanFilter,
    limit: int | None = None,
    read_units: float | None = None,
    bucket: str | None = None,
) -> CopyPlan:
    """Who may copy to whom, and what there is to copy. `tables` are logical names, none for all.

    With a `bucket`, tables above `AWS_ROUTE_BYTES` that are copied whole go through it, by AWS's own means.

    Raises as `check_sides`, `pair_tables` and `plan_table` do, and `NoTableError`.
    """
    check_sides(*ends, anonymised=False)
    partly = bool(condition.members) or limit is not None
    plans = [
        plan_table(name, source.table(mine), target.table(its), transformed=partly, bucket=bucket is not None)
        for name, mine, its in pair_tables(*ends, tables)
    ]
    return CopyPlan(
        source=ends[0],
        target=ends[1],
        tables=plans,
        filter=condition,
        limit=limit,
        read_units=read_units,
        bucket=bucket,
    )


def copy_tables(
    source: DynamoDb,
    target: DynamoDb,
    plan: CopyPlan,
    checkpoint_path: Path,
    *,
    resume: bool,
    transport: TransportName | None,
    report: Callable[[TablePlan, CopyProgress], None],
) -> list[CopyResult]:
    """Carry out a plan, table by table, each validated. Raises `CopyIncompleteError`, `ForeignCheckpointError`.

    The checkpoint is removed when every table has been found to hold what was copied.
    """
    options = CopyOptions(filter=plan.filter, limit=plan.limit)
    header = _header(source, target, plan, options.segments)
    checkpoint = ResumeFile.open(checkpoint_path, header, resume=resume)
    done = False
    try:
        mine, its = source.transport(transport), target.transport(transport)
        results: list[CopyResult] = []
        for table in plan.tables:
            here = TableAccess(mine, table.source, SharedRateLimiter(RateLimiter(cap=plan.read_units)))
            there = TableAccess(its, table.target)
            if table.route == "aws" and plan.bucket is not None:
                results.append(_copy_in_aws(table, (source.client, target.client), (here, there), plan.bucket))
                continue
            report_table = partial(report, table)
            results.append(
                copy_table(table.name, here, there, options=options, checkpoint=checkpoint, report=report_table)
            )
        done = all(result.validated for result in results)
    finally:
        checkpoint.close(done=done)
    return results


def _header(source: DynamoDb, target: DynamoDb, plan: CopyPlan, segments: int) -> Header:
    return Header(
        source=f"{source.endpoint} {plan.source.name}",
        target=f"{target.endpoint} {plan.target.name}",
        tables=tuple((table.source.name, table.target.name) for table in plan.tables),
        segments=segments,
        filter=f"{plan.filter.text} limit {plan.limit}",
    )


def _copy_in_aws(
    table: TablePlan, clients: tuple[Any, Any], sides: tuple[TableAccess, TableAccess], bucket: str
) -> CopyResult:
    """By AWS's own route. Killed, what was started goes on in AWS; run again, it starts anew."""
    began, cpu = time.monotonic(), time.process_time()
    load = copy_in_aws(clients, table.source, table.target, bucket=bucket, token=str(uuid.uuid4()))
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
    )
