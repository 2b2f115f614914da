"""`tee-infra archive`."""

from contextlib import nullcontext
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
from tee_infra.core.cutover.slots import FIRST_SLOT, slot_named
from tee_infra.core.environments import parse_environment
from tee_infra.errors import UsageError
from tee_infra.workflows.cutover.retire import Retirement
from tee_infra.workflows.cutover.retirement_facts import SlotInUse
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.ends import as_own_role
from tee_infra.workflows.session.file_store import open_store
from tee_infra.workflows.session.session import open_session
from tee_infra.workflows.session.stack_session import open_stack

KEPT: Final = "roles, keys, budget, alarm topic, and the audit trail with its bucket; backups need the keys"


class ArchiveResult(RetirementFactsModel):
    """A slot, each condition of its archive, and what was done."""


@prints(ArchiveResult)
@click.command(
    epilog=examples(
        "tee-infra archive prod-v1 --dry-run",
        "tee-infra archive prod-v1 --output s3://backups/tee/prod-v1",
        "tee-infra archive prod-v2 --output s3://backups/tee/prod-v2 --days 14",
    )
)
@click.argument("slot", metavar="SLOT")
@output_option
@days_option
@local_option
@dry_run_option
@yes_option
@json_option
def archive(
    *, slot: str, location: str | None, days: int, local: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Archive a slot that a switch has replaced.

    Its tables are deleted after a final backup. SLOT is prod-v1 (prod's own tables), prod-v2 and so on. Refused with a
    list unless a switch opened another slot more than 48 hours ago, nothing has read or written the tables for --days,
    and the final backup was made and read completely. Asks for the names of the tables. Roles, keys and the audit trail
    stay.
    """
    output, place = Output(as_json), place_of(location)
    if not dry_run:
        require_answers(output, yes=yes)
    environment, project = slot_named(slot), find_project(Path.cwd())
    if slot == FIRST_SLOT and project.has_file(parse_environment(slot)):
        raise UsageError(
            f"{slot}: prod's own tables are called so, and a Pulumi.{slot}.yaml is here as well. Nothing was changed",
            next=f"For prod's own tables: tee-infra archive {environment.name} --dry-run",
        )
    session = open_session(project, environment, output, local=local, start=True)
    again = (
        f"Pulumi.{environment.name}.yaml has no `archived: true`, so the next up would create the tables again, empty"
    )
    retirement = Retirement(
        subject=SlotInUse.connect(
            environment.name,
            session.connection,
            output.say,
            command=f"tee-infra archive {environment.name}",
            resurrected_by="" if session.settings.archived else again,
        ),
        idle_for=idle_for(days),
        source=open_dynamodb(as_own_role(session, output).connection),
        backup_of=environment.name,
        open_place=lambda found: open_store(found, session.connection),
        stacks=lambda: nullcontext(lambda release: open_stack(session, release=release)),
    )
    run_retirement(output, retirement, place, ArchiveResult, KEPT, dry_run=dry_run, yes=yes)
