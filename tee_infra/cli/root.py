"""The root command, and every command that it has."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from tee_infra.cli.lazy import Commands, LazyGroup
from tee_infra.core.aws_variables import direct_to_loopback
from tee_infra.core.defaults.project_folder import VARIABLE, NamedFolderError

SECTIONS: Final[Mapping[str, Commands]] = {
    "Environments": {
        "up": ("environments.change", "up", "Create or update an environment."),
        "preview": ("environments.change", "preview", "Show what `up` would change."),
        "refresh": ("environments.change", "refresh", "Detect drift and write it into the stack's state."),
        "down": ("environments.change", "down", "Delete every resource of an environment."),
        "list": ("environments.list", "list_command", "List the environments."),
        "show": ("environments.list", "show", "Show settings, tables and outputs of one environment."),
        "diff": ("environments.diff", "diff", "Compare two environments."),
        "repair": ("repair", "repair_command", "Diagnose and repair an environment."),
        "run": ("run", "run", "Run a command of the app in an environment."),
        "env": ("environments.export", "env", "Export the app's variables for an environment."),
    },
    "Branches": {
        "feature": ("features.group", "feature", "Manage per-branch (ephemeral) environments."),
        "cleanup": ("cleanup", "cleanup", "Destroy expired feature environments."),
        "hooks": ("hooks", "hooks", "Manage the git hook that announces what a push does."),
    },
    "Data": {
        "data": ("data.group", "data", "Read, copy, anonymize, seed and compare items."),
        "migrate": ("cutover.migrate", "migrate", "Replicate tables in use into another slot."),
        "backup": ("backup.portable", "backup", "Back up and restore an environment's tables."),
        "schema": ("environments.schema", "schema", "Compare the table catalog with live tables."),
    },
    "Switch": {
        "legacy": ("legacy.group", "legacy", "Lead the tables without a prefix into prod."),
        "slots": ("cutover.slots", "slots", "List the slots of an environment, and which one is open."),
        "switch": ("cutover.switch", "switch", "Open another slot to the app, without losing a write."),
        "rollback": ("cutover.switch", "rollback", "Open the slot before the last switch again."),
        "archive": ("cutover.archive", "archive", "Archive a slot that a switch has replaced."),
    },
    "Account and machine": {
        "bootstrap": ("bootstrap", "bootstrap", "Prepare an AWS account: state, key, locks, registry."),
        "local": ("local", "local", "Manage the embedded AWS on this machine."),
        "engine": ("engine", "engine", "Find, install or build the Pulumi CLI."),
        "doctor": ("doctor", "doctor", "Check the prerequisites of the commands, with fixes."),
    },
}


SHELL: Final = f"{__name__}.shell"
"""Where a run of a command keeps the variables of its shell, as they were."""


@click.command(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    help=f"The project's folder. Default: {VARIABLE}, or the one around this folder or in its git repository.",
)
@click.option("--debug", is_flag=True, help="Show a traceback when a command fails.")
@click.version_option(package_name="tee-infra")
def root(directory: str | None, debug: bool) -> None:  # noqa: ARG001  # `main` looks for it
    """Isolated environments for a DynamoDB application, one Pulumi stack each.

    Exit codes: 0 done, 1 AWS or the Pulumi CLI failed, 2 wrong usage or configuration, 3 refused by a protection,
    4 locked by another run, 5 partial failure or differences found.
    """
    click.get_current_context().meta[SHELL] = dict(os.environ)
    if directory is not None:
        if not directory or not (folder := Path(directory)).is_dir():
            raise NamedFolderError(directory)
        os.environ[VARIABLE] = str(folder.absolute())  # commands that this one starts mean the same project
    # For every client in this process and the engine's: gRPC would look for the engine behind a proxy.
    os.environ.update(direct_to_loopback(os.environ))
