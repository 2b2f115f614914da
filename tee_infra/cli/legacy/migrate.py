"""`tee-infra legacy migrate`: `tee-infra migrate` with both ends given."""

import click

from tee_infra.cli.cutover.migrate import MigrateResult, migrate_slots
from tee_infra.cli.data.options import roles_options
from tee_infra.cli.options import dry_run_option, examples, json_option, local_option, yes_option
from tee_infra.cli.output import prints
from tee_infra.core.names import LEGACY, PRODUCTION


@prints(MigrateResult)
@click.command(
    "migrate", epilog=examples("tee-infra legacy migrate --dry-run", "tee-infra legacy migrate --until-caught-up")
)
@click.option("--transform", metavar="MODULE:FUNCTION", help="Python function from an item to the target's item.")
@click.option("--until-caught-up", is_flag=True, help="End once the target is equal to the source and up to date.")
@roles_options
@local_option
@dry_run_option
@yes_option
@json_option
def migrate_command(
    *,
    transform: str | None,
    until_caught_up: bool,
    from_role: str | None,
    to_role: str | None,
    local: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Replicate the bare tables into prod while they are in use.

    The same as tee-infra migrate --from legacy --to prod.
    """
    migrate_slots(
        LEGACY,
        PRODUCTION,
        transform=transform,
        until_caught_up=until_caught_up,
        roles=(from_role, to_role),
        local=local,
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
    )
