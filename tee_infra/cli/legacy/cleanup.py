"""`tee-infra legacy cleanup`."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.cutover.retirement import (
    RetirementFactsModel,
    days_option,
    idle_for,
    output_option,
    place_of,
    run_retirement,
)
from tee_infra.cli.options import dry_run_option, examples, json_option, local_option, yes_option
from tee_infra.cli.output import Output, prints, require_answers
from tee_infra.core import names
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.cutover.adopt import read_legacy
from tee_infra.workflows.cutover.legacy_stack import legacy_stack
from tee_infra.workflows.cutover.retire import Retirement
from tee_infra.workflows.cutover.retirement_facts import SlotInUse
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.file_store import open_store
from tee_infra.workflows.session.session import EnvironmentSession, open_session
from tee_infra.workflows.session.stack_session import StackSession

COMMAND: Final = "tee-infra legacy cleanup"
KEPT: Final = "the audit trail of the tables, with its bucket, log group and key"


class LegacyCleanupResult(RetirementFactsModel):
    """The bare tables, each condition of their deletion, and what was done."""


@prints(LegacyCleanupResult)
@click.command(
    "cleanup",
    epilog=examples(
        "tee-infra legacy cleanup --dry-run", "tee-infra legacy cleanup --output s3://backups/tee/legacy --days 14"
    ),
)
@output_option
@days_option
@local_option
@dry_run_option
@yes_option
@json_option
def cleanup_command(*, location: str | None, days: int, local: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Delete the bare tables, once prod has replaced them.

    Refused with a list unless a switch opened another slot more than 48 hours ago, nothing has read or written the
    tables for --days, and a final backup was made and read completely. Asks for the names of the tables. The audit
    trail and its evidence stay.
    """
    output, place = Output(as_json), place_of(location)
    if not dry_run:
        require_answers(output, yes=yes)
    production = parse_environment(names.PRODUCTION)
    session = open_session(find_project(Path.cwd()), production, output, local=local, start=True)
    retirement = Retirement(
        subject=SlotInUse.connect(names.LEGACY, session.connection, output.say, command=COMMAND),
        idle_for=idle_for(days),
        source=open_dynamodb(session.connection),
        backup_of=names.PRODUCTION,
        open_place=lambda found: open_store(found, session.connection),
        stacks=lambda: _stacks(session),
    )
    run_retirement(output, retirement, place, LegacyCleanupResult, KEPT, dry_run=dry_run, yes=yes)


@contextmanager
def _stacks(session: EnvironmentSession) -> Generator[Callable[[bool], StackSession]]:
    with legacy_stack(session) as stack:
        tables, _ = read_legacy(session.connection)
        yield lambda release: stack.open(tables if release else (), release=release)
