"""`tee-infra data copy`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import click
from pydantic import RootModel

from tee_infra.cli.data.copy_progress import carry_out
from tee_infra.cli.data.options import (
    checkpoint_option,
    ends_options,
    open_databases,
    read_units_option,
    resume_option,
    roles_options,
    tables_option,
    transport_option,
    where_options,
)
from tee_infra.cli.data.refusals import RefusedItemFacts, refused_facts, require_none_refused
from tee_infra.cli.options import dry_run_option, examples, json_option, yes_option
from tee_infra.cli.output import Output, prints, require_answers, table
from tee_infra.cli.results import ResultModel, SideFacts, side_facts
from tee_infra.core.codec.refusals import listed
from tee_infra.core.codec.scan_filter import parse_scan_filter
from tee_infra.core.data.comparison import Comparison
from tee_infra.core.data.copy_policy import AWS_ROUTE_BYTES, CopySide, TablePlan, check_sides, copy_side, pair_tables
from tee_infra.core.data.estimate import Route
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import PartialError
from tee_infra.workflows.data.copy_environment import CopyPlan, prepare_copy
from tee_infra.workflows.data.copy_table import CopyResult


class TransferredTable(SideFacts):
    """One side of a planned transfer: as DescribeTable tells it, `size` in bytes, up to six hours old."""

    name: str
    arn: str
    id: str
    key_names: list[str]
    key_types: list[str]
    items: int
    size: int
    indexes: int
    indexes_size: int
    deletion_protection: bool


class EstimateFacts(ResultModel):
    """What a transfer will take: `size` in bytes, `dollars` at on-demand prices of us-east-1."""

    items: int
    size: int
    seconds: float
    dollars: float


class PlannedCopy(ResultModel):
    """What would be copied. `table`, or `name`, is the table's name in the catalog."""

    table: str
    name: str
    source: TransferredTable
    target: TransferredTable
    estimate: EstimateFacts
    route: Route


class SourceChangesFacts(ResultModel):
    """What is known of writes to the source while it was copied, `by` its stream or a second reading.

    `changed` is null where nothing could tell, for the `problem`. `items`: how many items, null where only a second
    reading tells; with a `problem` at least so many.
    """

    by: Literal["stream", "second reading"] | None
    changed: bool | None
    items: int | None
    problem: str | None


class CopiedSide(SideFacts):
    """One side of a copy, by its identity in DynamoDB; an emulator may leave `arn` and `id` empty."""

    arn: str
    id: str


class CopiedTable(ResultModel):
    """What was copied. `read` and `written` include runs before a --resume.

    `validated`: the target has all of it, compared with the source as it was read; `source_changes` says whether it
    changed meanwhile. Both sides were the same tables at the end as at the beginning. `missing`, `different` and
    `extra` items of the target were counted only where a first, cheap comparison found a difference. `extra` ones are
    left alone and fail nothing; `expired` ones are gone on one side because of their TTL, and fail nothing either.
    `refused` are the items that the target does not take, by their keys in the target.
    """

    table: str
    source: CopiedSide
    target: CopiedSide
    read: int
    written: int
    retried: int
    throttled: int
    requests: int
    seconds: float
    client_cpu_seconds: float
    validated: bool
    missing: int
    different: int
    extra: int
    expired: int
    refused: list[RefusedItemFacts]
    source_changes: SourceChangesFacts


class DataCopyResult(RootModel[Mapping[str, CopiedTable | PlannedCopy]]):
    """Table -> what was copied, or with --dry-run would be. The envelope's target is where it is written to."""


@prints(DataCopyResult)
@click.command(
    epilog=examples(
        "tee-infra data copy --from staging --to dev --dry-run",
        "tee-infra data copy --from staging --to dev --tables tee-schedules",
        "tee-infra data copy --from staging --to dev --resume",
    )
)
@ends_options
@tables_option
@click.option(
    "--where", multiple=True, metavar="CONDITION", help="Only matching items, e.g. 'status = booked'; repeatable."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N items of each table.")
@read_units_option
@click.option(
    "--bucket", metavar="BUCKET", help="S3 bucket for DynamoDB's export and bulk load of tables of 5 GB or more."
)
@transport_option
@checkpoint_option
@resume_option
@roles_options
@where_options
@dry_run_option
@yes_option
@json_option
def copy(
    *,
    source: str,
    target: str,
    tables: tuple[str, ...],
    where: tuple[str, ...],
    limit: int | None,
    read_units: float | None,
    bucket: str | None,
    transport: Any,
    checkpoint: Path | None,
    resume: bool,
    from_role: str | None,
    to_role: str | None,
    local: bool,
    endpoint_url: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Copy tables item by item and validate the copy.

    Production is never a target. Production data is only copied anonymized: tee-infra data sync-dev. Items of the
    target with other keys are kept. Writes to the source during the copy may be missed; they are reported. An
    interrupted copy is resumed with --resume. An item that the target refuses stops nothing: it is listed with the
    reason. Exits 5 if the copy is incomplete, an item was refused or the target differs.
    """
    output = Output(as_json)
    ends = copy_side(source), copy_side(target)
    check_sides(*ends, anonymized=False)
    pair_tables(*ends, tables)
    condition = parse_scan_filter(where)
    if not dry_run:
        require_answers(output, yes=yes)
    databases = open_databases(ends, (from_role, to_role), output, local=local, endpoint_url=endpoint_url)
    plan = prepare_copy(
        databases[0],
        databases[1],
        ends,
        tables,
        condition=condition,
        limit=limit,
        read_units=read_units,
        bucket=bucket,
    )
    for line in _plan_lines(plan):
        output.say(line)
    if dry_run:
        output.result(DataCopyResult({entry.name: planned_copy(ends, entry) for entry in plan.tables}), [])
        return
    results = carry_out(output, databases, plan, checkpoint, resume=resume, transport=transport, yes=yes)
    planned = {entry.name: entry for entry in plan.tables}
    copied = {result.table: CopiedTable(**copy_facts(ends, planned[result.table], result)) for result in results}
    output.result(DataCopyResult(copied), _result_lines(results))
    _require_validated(results, f"--from {source} --to {target}")


def _require_validated(results: list[CopyResult], ends: str) -> None:
    require_none_refused("data copy", [(result.table, result.refused) for result in results])
    if wrong := [result.table for result in results if not result.validated]:
        raise PartialError(
            f"data copy: the target differs from the copied items in {', '.join(wrong)}. All items were written; other "
            "writers may have changed them since",
            next=f"To list the differences: tee-infra data validate {ends}",
        )


def _plan_lines(plan: CopyPlan) -> list[str]:
    lines = [f"{plan.source.name} -> {plan.target.name}"]
    for entry in plan.tables:
        estimate = entry.estimate
        lines.append(
            f"  {entry.source.name} -> {entry.target.name}: about {estimate.items:,} items, "
            f"{estimate.size / 1e6:,.1f} MB, {estimate.seconds:,.0f} s, ${estimate.dollars:,.2f}"
            f"{', by export and bulk load' if entry.route == 'aws' else ''}"
        )
        if entry.route == "wire" and entry.source.size >= AWS_ROUTE_BYTES:
            lines.append("    DynamoDB's export and bulk load is cheaper at this size: add --bucket BUCKET")
    return lines


def planned_copy(ends: tuple[CopySide, CopySide], plan: TablePlan) -> PlannedCopy:
    """The plan of copying a table, for JSON."""
    source, target = (_transferred(end, facts) for end, facts in zip(ends, (plan.source, plan.target), strict=True))
    estimate = EstimateFacts.model_validate(plan.estimate)
    return PlannedCopy(
        table=plan.name, name=plan.name, source=source, target=target, estimate=estimate, route=plan.route
    )


def _transferred(end: CopySide, facts: TableFacts) -> TransferredTable:
    known = vars(facts) | vars(side_facts(end, facts.name))
    return TransferredTable.model_validate({name: known[name] for name in TransferredTable.model_fields})


def copy_facts(ends: tuple[CopySide, CopySide], plan: TablePlan, result: CopyResult) -> dict[str, Any]:
    """The result of copying a table, for JSON."""
    facts = vars(result).copy()
    compared = facts.pop("comparison") or Comparison()
    for inner in ("rules", "written_signature"):
        del facts[inner]
    facts["refused"] = refused_facts(result.refused)
    sides = {
        name: CopiedSide(**vars(side_facts(end, at.name)), arn=at.arn, id=at.id)
        for name, end, at in (("source", ends[0], plan.source), ("target", ends[1], plan.target))
    }
    changes = SourceChangesFacts.model_validate(result.source_changes)
    return (
        facts
        | sides
        | {"source_changes": changes}
        | {kind: getattr(compared, kind) for kind in ("missing", "different", "extra", "expired")}
    )


def _result_lines(results: list[CopyResult]) -> list[str]:
    rows = [
        (
            result.table,
            f"{result.read:,}",
            f"{result.written:,}",
            f"{result.retried:,}",
            f"{result.seconds:,.1f}",
            f"{result.client_cpu_seconds:,.2f}",
            f"{result.extra:,}",
            f"{len(result.refused):,}",
            "yes" if result.validated else "NO",
        )
        for result in results
    ]
    heads = ("TABLE", "READ", "WRITTEN", "RETRIED", "SECONDS", "CPU", "OTHERS KEPT", "REFUSED", "VALIDATED")
    refused = [line for result in results for line in listed(result.refused)]
    return table(heads, rows) + refused + compared_lines(results)


def compared_lines(results: Sequence[CopyResult]) -> list[str]:
    """What each target was compared with."""
    return [
        f"{result.table}: {'validated against' if result.validated else 'compared with'} the source as read; "
        f"{result.source_changes.text}"
        for result in results
        if result.source_changes
    ]
