"""`tee-infra feature`: per-branch environments."""

from typing import Final

import click

from tee_infra.cli.lazy import Commands, LazyGroup

COMMANDS: Final[Commands] = {
    "create": ("features.create", "create", "Create or update the environment for a branch."),
    "extend": ("features.lease", "extend", "Extend the lease of a feature environment."),
    "hold": ("features.lease", "hold", "Hold a feature environment: cleanup keeps it."),
    "release": ("features.lease", "release", "Release a hold."),
    "list": ("features.list", "list_command", "List the feature environments."),
    "show": ("features.list", "show", "Show lease, tables, outputs and history."),
    "destroy": ("features.destroy", "destroy", "Destroy a feature environment."),
}


@click.command(cls=LazyGroup, sections={"Commands": COMMANDS})
def feature() -> None:
    """Manage per-branch (ephemeral) environments.

    A feature environment has a lease. Each push to its branch and each update renews the lease. `tee-infra cleanup`
    destroys the environment after the lease has expired.
    """
