"""The root command, and every command that it has."""

from typing import Final

import click

from tee_infra.cli.lazy import Commands, LazyGroup

COMMANDS: Final[Commands] = {
    "up": ("environments.change", "up", "Create or update an environment."),
    "preview": ("environments.change", "preview", "Show what `up` would change."),
    "refresh": ("environments.change", "refresh", "Find what was changed behind the stack's back."),
    "down": ("environments.change", "down", "Delete everything in an environment."),
    "list": ("environments.list", "list_command", "List the environments."),
    "show": ("environments.list", "show", "Show one environment: settings, tables, outputs."),
    "env": ("environments.export", "env", "What the app needs to know about its environment."),
    "schema": ("environments.schema", "schema", "Compare the catalog of tables with live ones."),
    "data": ("data.group", "data", "Copy, anonymize, seed and compare the items of environments."),
    "feature": ("features.group", "feature", "Environments of branches: make, keep, list and destroy them."),
    "repair": ("repair", "repair_command", "Find what is wrong with an environment, and mend it."),
    "cleanup": ("cleanup", "cleanup", "Destroy feature environments whose time is over."),
    "backup": ("backup.portable", "backup", "Back up an environment's tables, and bring them back."),
    "bootstrap": ("bootstrap", "bootstrap", "Prepare an AWS account: state, its key, locks and registry."),
    "hooks": ("hooks", "hooks", "Say before a push what it does to feature environments."),
    "local": ("local", "local", "The embedded AWS on this machine."),
    "engine": ("engine", "engine", "Find, install or build the Pulumi CLI."),
    "doctor": ("doctor", "doctor", "Show what the commands need and how to fix what is missing."),
}


@click.command(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
@click.version_option(package_name="tee-infra")
def root(debug: bool) -> None:
    """Isolated environments for a DynamoDB application, one Pulumi stack each.

    Exit codes: 0 done, 1 AWS or the engine failed, 2 wrong usage or configuration, 3 refused by a protection,
    4 somebody else holds it, 5 done in part or two sides differ.
    """
