"""`tee-infra feature`: environments of branches."""

from typing import Final

import click

from tee_infra.cli.lazy import Commands, LazyGroup

COMMANDS: Final[Commands] = {
    "create": ("features.create", "create", "Make the environment of a branch, or bring it up to date."),
    "extend": ("features.lease", "extend", "Let an environment live longer."),
    "hold": ("features.lease", "hold", "Keep an environment for a reason, whatever its lease says."),
    "release": ("features.lease", "release", "End a hold."),
    "list": ("features.list", "list_command", "List the environments of branches."),
    "show": ("features.list", "show", "Show one: lease, tables, outputs, and what was done to it."),
    "destroy": ("features.destroy", "destroy", "Destroy a feature environment."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def feature() -> None:
    """Environments of branches: make, keep, list and destroy them.

    Each has a lease. Whatever is done to its branch renews it, and when it has ended, `tee-infra cleanup` destroys the
    environment.
    """
