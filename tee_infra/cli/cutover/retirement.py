"""What `tee-infra archive` and `tee-infra legacy cleanup` have in common: their plan, and the deletion."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import PLACE
from tee_infra.cli.output import Output, confirm_by_name
from tee_infra.cli.results import ResultModel
from tee_infra.core.cutover.preflight import Condition
from tee_infra.core.cutover.retirement import IDLE_FOR, FinalBackup, RetirementFacts, conditions, require
from tee_infra.workflows.cutover.retire import Retirement, retire
from tee_infra.workflows.cutover.retirement_facts import measure_retirement
from tee_infra.workflows.session.file_store import open_folder

days_option = click.option(
    "--days",
    type=click.IntRange(min=1, max=365),
    default=IDLE_FOR.days,
    metavar="N",
    help=f"Days without consumed capacity. Default: {IDLE_FOR.days}.",
)
output_option = click.option("--output", "location", metavar="DIR", help=f"Where the final backup is made: {PLACE}.")


class ConditionFacts(ResultModel):
    """A condition. `problem` is empty if it holds, and `command` satisfies it."""

    name: str
    holds: bool
    problem: str
    command: str


class RetirementFactsModel(ResultModel):
    """A slot whose tables are deleted, or would be. `tables` are names in AWS.

    `backup`: where the final backup is, null before it. `deleted`: whether the tables are gone; `counts`: operation ->
    resources of the engine's last run, null with --dry-run.
    """

    slot: str
    tables: list[str]
    conditions: list[ConditionFacts]
    backup: str | None
    deleted: bool
    counts: dict[str, int] | None


def place_of(location: str | None) -> str | None:
    """A location as a later run finds it from any directory. Raises `LocationError`, `UnusableFileError`."""
    if location is None or open_folder(location, writing=True) is None:
        return location
    return str(Path(location).absolute())


def run_retirement(
    output: Output, retirement: Retirement, location: str | None, model: Any, kept: str, *, dry_run: bool, yes: bool
) -> None:
    """Show every condition and the plan, then ask and delete. `kept` says what stays. Raises as `retire` does."""
    subject = retirement.subject
    facts = measure_retirement(subject, retirement.idle_for, location)
    found = conditions(facts)
    for line in _lines(facts, found, kept):
        output.say(line)
    if dry_run:
        output.result(model(**_facts(facts, found)), [])
        return
    require(facts)
    names = " ".join(facts.tables) or subject.slot
    confirm_by_name(output, names, f"This deletes {', '.join(facts.tables) or 'the rest'} with every item.", yes=yes)
    with Counting() as counting:
        done = retire(retirement, location, counting)
    result = _facts(facts, found) | {"backup": done.backup.location, "deleted": True, "counts": done.run.counts()}
    output.result(
        model(**result),
        [
            f"{subject.slot}: its tables are deleted, {done.run.report()}",
            f"final backup: {done.backup.location}. DynamoDB keeps one of its own for 35 days",
        ],
    )


def idle_for(days: int) -> timedelta:
    """The time without use."""
    return timedelta(days=days)


def _facts(facts: RetirementFacts, found: Sequence[Condition]) -> dict[str, Any]:
    verified = isinstance(facts.backup, FinalBackup) and facts.backup.verified
    return {
        "slot": facts.slot,
        "tables": list(facts.tables),
        "conditions": [
            ConditionFacts(name=each.name, holds=each.holds, problem=each.problem, command=each.command)
            for each in found
        ],
        "backup": facts.backup.location if isinstance(facts.backup, FinalBackup) and verified else None,
        "deleted": False,
        "counts": None,
    }


def _lines(facts: RetirementFacts, found: Sequence[Condition], kept: str) -> Iterator[str]:
    for each in found:
        yield f"  {'ok ' if each.holds else 'NO '} {each.name}{f': {each.problem}' if each.problem else ''}"
        if each.problem:
            yield f"      {each.command}"
    yield f"plan: 1. final backup in {facts.output or '--output DIR'}, read completely afterwards"
    yield f"      2. delete {', '.join(facts.tables) or 'nothing more'}, with their alarms and the dashboard"
    yield f"stays: {kept}"
