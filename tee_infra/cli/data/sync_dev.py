"""`tee-infra data sync-dev`."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from pydantic import RootModel

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.data.copy_progress import carry_out
from tee_infra.cli.data.copy_tables import CopiedTable, PlannedCopy, compared_lines, copy_facts, planned_copy
from tee_infra.cli.data.options import (
    END,
    checkpoint_option,
    open_both,
    read_units_option,
    resume_option,
    roles_options,
    tables_option,
    transport_option,
    where_options,
)
from tee_infra.cli.data.refusals import require_none_refused
from tee_infra.cli.old_names import renamed_option
from tee_infra.cli.options import dry_run_option, examples, json_option, yes_option
from tee_infra.cli.output import Output, prints, require_answers, table
from tee_infra.cli.results import ResultModel
from tee_infra.core.codec.refusals import listed
from tee_infra.core.data.copy_policy import CopySide, TablePlan, check_sides, copy_side, pair_tables
from tee_infra.errors import PartialError
from tee_infra.workflows.data.anonymize_key import given_key, stored_key
from tee_infra.workflows.data.copy_environment import CopyPlan, prepare_copy
from tee_infra.workflows.data.copy_table import CopyResult
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.session.open_slot import side_of_open_slot


class AppliedRule(ResultModel):
    """What an attribute became, and of how many values."""

    attribute: str
    becomes: str
    count: int


class SyncedCopy(CopiedTable):
    """What was copied, and the rules of anonymising that were applied."""

    rules: list[AppliedRule]


class DataSyncDevResult(RootModel[Mapping[str, SyncedCopy | PlannedCopy]]):
    """Table -> what was copied, or with --dry-run would be. The envelope's target is where it is written to."""


@prints(DataSyncDevResult)
@click.command(
    "sync-dev",
    epilog=examples(
        "tee-infra data sync-dev --anonymize --fraction 0.05",
        "tee-infra data sync-dev --anonymize --members 200 --to staging --dry-run",
    ),
)
@click.option("--from", "source", default="prod", metavar="ENV", help=f"Source: {END}. Default: prod.")
@click.option("--to", "target", default="dev", metavar="ENV", help=f"Target: {END}. Default: dev.")
@tables_option
@click.option("--anonymize", is_flag=True, help="Replace personal data by pseudonyms. Required for production data.")
@click.option("--fraction", type=float, metavar="FRACTION", help="Copy about this fraction of the members, e.g. 0.05.")
@renamed_option("--members", "members", old="--entities", type=int, metavar="N", help="Copy exactly N members.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with the anonymization key. Default: the source's SSM parameter.",
)
@read_units_option
@transport_option
@checkpoint_option
@resume_option
@roles_options
@where_options
@dry_run_option
@yes_option
@json_option
def sync_dev(
    *,
    source: str,
    target: str,
    tables: tuple[str, ...],
    anonymize: bool,
    fraction: float | None,
    members: int | None,
    key_file: Path | None,
    read_units: float | None,
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
    """Copy a subset of members, anonymized, for development.

    With --fraction or --members, the same members are copied from every table, so references stay valid. Pseudonyms
    depend only on the anonymization key: they are the same in every table and every run. Items of the target with other
    keys are kept. Refuses attributes that the catalog does not classify.
    """
    output = Output(as_json)
    ends = copy_side(source), copy_side(target)
    check_sides(*ends, anonymized=anonymize)  # before the key is read
    pair_tables(*ends, tables)
    key = given_key(key_file, os.environ) if anonymize else None
    choice = SubsetOptions(key=key, fraction=fraction, members=members)
    choice.check_source(ends[0])
    if not dry_run:
        require_answers(output, yes=yes)
    sessions = open_both(ends, (from_role, to_role), output, local=local, endpoint_url=endpoint_url)
    ends = side_of_open_slot(ends[0], sessions[0].connection, output.say), ends[1]
    databases = open_dynamodb(sessions[0].connection), open_dynamodb(sessions[1].connection)
    if anonymize and key is None:
        choice = replace(choice, key=stored_key(ends[0].environment, sessions[0].connection))
    plan = prepare_copy(databases[0], databases[1], ends, tables, choice=choice, read_units=read_units)
    for line in _plan_lines(plan, choice):
        output.say(line)
    if dry_run:
        output.result(DataSyncDevResult({entry.name: planned_copy(ends, entry) for entry in plan.tables}), [])
        return
    results = carry_out(output, databases, plan, checkpoint, resume=resume, transport=transport, yes=yes)
    planned = {entry.name: entry for entry in plan.tables}
    copied = {result.table: _synced(ends, planned[result.table], result) for result in results}
    output.result(DataSyncDevResult(copied), _result_lines(results))
    require_none_refused("data sync-dev", [(result.table, result.refused) for result in results])
    if wrong := [result.table for result in results if not result.validated]:
        raise PartialError(
            f"data sync-dev: the target differs from the copied items in {', '.join(wrong)}. All items were written",
            next="Run the same command with --resume",
        )


def _plan_lines(plan: CopyPlan, choice: SubsetOptions) -> list[str]:
    subset = plan.members.subset if plan.members else None
    members = "all members" if subset is None else f"{subset.fraction:.2%} of the members"
    form = "anonymized" if choice.key is not None else "not anonymized"
    lines = [f"{plan.source.name} -> {plan.target.name}: {members}, {form}"]
    return lines + [
        f"  {entry.source.name} -> {entry.target.name}: about {entry.estimate.items:,} items to read, "
        f"{entry.estimate.seconds:,.0f} s, ${entry.estimate.dollars:,.2f} at most"
        for entry in plan.tables
    ]


def _synced(ends: tuple[CopySide, CopySide], plan: TablePlan, result: CopyResult) -> SyncedCopy:
    rules = [AppliedRule.model_validate(rule) for rule in result.rules]
    return SyncedCopy.model_validate(copy_facts(ends, plan, result) | {"rules": rules})


def _result_lines(results: list[CopyResult]) -> list[str]:
    rows = [
        (
            result.table,
            f"{result.read:,}",
            f"{result.written:,}",
            f"{result.extra:,}",
            f"{len(result.refused):,}",
            "yes" if result.validated else "NO",
        )
        for result in results
    ]
    rules = [
        (result.table, rule.attribute, rule.becomes, f"{rule.count:,}") for result in results for rule in result.rules
    ]
    lines = table(("TABLE", "READ", "WRITTEN", "OTHERS KEPT", "REFUSED", "VALIDATED"), rows)
    lines += [line for result in results for line in listed(result.refused)]
    lines += compared_lines(results)
    return [*lines, "", *table(("TABLE", "ATTRIBUTE", "REPLACED BY", "VALUES"), rules)] if rules else lines
