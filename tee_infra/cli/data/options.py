"""Options of the commands that move data."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tee_infra.cli.options import EnvironmentName
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

LOCATION: Final = "DIR|s3://BUCKET/PREFIX"

environment_option = click.option("--env", "environment", type=EnvironmentName(), required=True, help="Whose tables.")
endpoint_option = click.option(
    "--endpoint-url", metavar="URL", help="Where AWS is, instead of where this shell's variables lead."
)
tables_option = click.option("--tables", multiple=True, metavar="NAME", help="Only this table; may be repeated.")

read_units_option = click.option(
    "--read-units", type=click.FloatRange(1), metavar="N", help="Read units a second to stay below."
)
transport_option = click.option("--transport", type=click.Choice(["raw", "botocore"]), help="How to speak to DynamoDB.")
checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to note how far it is, instead of in .tee/.",
)


def ends_options(command: Command) -> Command:
    """`--from` and `--to`, each an environment or `table:NAME`, as `source` and `target`."""
    kinds = "An environment, or table:NAME."
    target = click.option("--to", "target", required=True, help=kinds)
    return click.option("--from", "source", required=True, help=kinds)(target(command))


def chosen_tables(environment: Environment, chosen: Sequence[str]) -> dict[str, str]:
    """Logical -> physical names of the chosen tables of an environment, none for all. Raises `UsageError`."""
    tables = dict(copy_side(environment.name).tables)
    if unknown := [name for name in chosen if name not in tables]:
        raise UsageError(f"unknown table {unknown[0]!r}; allowed: {', '.join(tables)}")
    return {name: tables[name] for name in chosen or tables}
