"""Copy the tables of one environment to another: who may, what it takes, and the copy itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.core.checkpoint import Header
from tee_infra.core.pacing import Pace
from tee_infra.core.transfer import End, TablePlan, check_ends, pair_tables, plan_table
from tee_infra.core.where import Filter
from tee_infra.workflows.checkpoint_file import CheckpointFile
from tee_infra.workflows.copy_data import CopyOptions, CopyProgress, CopyResult, copy_table
from tee_infra.workflows.requests import SharedPace
from tee_infra.workflows.table_io import Side


@dataclass(frozen=True, kw_only=True)
class CopyPlan:
    """What will be copied, decided before anything is written. `read_units` caps what is read a second."""

    source: End
    target: End
    tables: list[TablePlan]
    filter: Filter
    limit: int | None = None
    read_units: float | None = None


def plan_copy(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[End, End],
    tables: Sequence[str],
    *,
    condition: Filter,
    limit: int | None = None,
    read_units: float | None = None,
) -> CopyPlan:
    """Who may copy to whom, and what there is to copy. `tables` are logical names, none for all.

    Raises as `check_ends`, `pair_tables` and `plan_table` do, and `NoTableError`.
    """
    check_ends(*ends, anonymised=False)
    plans = [
        plan_table(name, source.table(mine), target.table(its), transformed=False, bucket=False)
        for name, mine, its in pair_tables(*ends, tables)
    ]
    return CopyPlan(source=ends[0], target=ends[1], tables=plans, filter=condition, limit=limit, read_units=read_units)


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
    header = Header(
        source=f"{source.endpoint} {plan.source.name}",
        target=f"{target.endpoint} {plan.target.name}",
        tables=tuple((table.source.name, table.target.name) for table in plan.tables),
        segments=options.segments,
        filter=f"{plan.filter.text} limit {plan.limit}",
    )
    checkpoint = CheckpointFile.open(checkpoint_path, header, resume=resume)
    done = False
    try:
        mine, its = source.transport(transport), target.transport(transport)
        results = [
            copy_table(
                table.name,
                Side(mine, table.source, SharedPace(Pace(cap=plan.read_units))),
                Side(its, table.target),
                options=options,
                checkpoint=checkpoint,
                report=partial(report, table),
            )
            for table in plan.tables
        ]
        done = all(result.validated for result in results)
    finally:
        checkpoint.close(done=done)
    return results
