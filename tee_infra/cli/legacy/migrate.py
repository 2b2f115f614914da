"""`tee-infra legacy migrate`: `tee-infra migrate` with both ends given."""

from typing import Any

import click

from tee_infra.cli.cutover.migrate import MigrateResult, migrate_slots
from tee_infra.cli.cutover.options import migration_options
from tee_infra.cli.options import examples
from tee_infra.cli.output import prints
from tee_infra.core.names import LEGACY, PRODUCTION


@prints(MigrateResult)
@click.command(
    "migrate", epilog=examples("tee-infra legacy migrate --dry-run", "tee-infra legacy migrate --until-caught-up")
)
@migration_options
def migrate_command(**options: Any) -> None:
    """Replicate the bare tables into prod while they are in use.

    The same as tee-infra migrate --from legacy --to prod.
    """
    migrate_slots(LEGACY, PRODUCTION, **options)
