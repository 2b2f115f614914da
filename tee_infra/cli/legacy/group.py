"""`tee-infra legacy`: the bare tables `tee-admin`, `tee-schedules` and `tee-sync-status`."""

from typing import Final

import click

from tee_infra.cli.lazy import Commands, LazyGroup

COMMANDS: Final[Commands] = {
    "adopt": ("legacy.adopt", "adopt_command", "Protect the bare tables where they are; nothing is copied."),
    "migrate": ("legacy.migrate", "migrate_command", "Replicate the bare tables into prod while they are in use."),
    "cleanup": ("legacy.cleanup", "cleanup_command", "Delete the bare tables, once prod has replaced them."),
}


@click.command(cls=LazyGroup, sections={"Commands": COMMANDS})
def legacy() -> None:
    """Lead the tables without a prefix into prod.

    The bare tables are those without an environment's name in front: tee-admin, tee-schedules, tee-sync-status. The
    commands are in the order of their use; docs/legacy.md has every step.
    """
