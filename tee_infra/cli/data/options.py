"""Options of the commands that move data."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tee_infra.cli.old_names import renamed_option
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

END: Final = "an environment or table:TABLE"
PLACE: Final = "a directory or s3://BUCKET/PREFIX"

endpoint_option = click.option(
    "--endpoint-url", metavar="URL", help="AWS endpoint. Default: the endpoint of this shell's AWS variables."
)
tables_option = renamed_option(
    "--tables",
    "tables",
    old="--table",
    multiple=True,
    metavar="TABLE",
    help="Only this table; repeatable. Default: all.",
)

read_units_option = click.option(
    "--read-units", type=click.FloatRange(1), metavar="N", help="Maximum read units per second. Default: no limit."
)
transport_option = click.option(
    "--transport",
    type=click.Choice(["raw", "botocore"]),
    help="HTTP client: raw (fast, default) or botocore (proxies, custom signing).",
)
checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File that --resume continues from. Default: a file in .tee.",
)
resume_option = click.option("--resume", is_flag=True, help="Resume an interrupted run from its checkpoint.")


def ends_options(command: Command) -> Command:
    """`--from` and `--to`, each an environment or `table:TABLE`, as `source` and `target`."""
    source = click.option("--from", "source", required=True, metavar="ENV", help=f"Source: {END}.")
    target = click.option("--to", "target", required=True, metavar="ENV", help=f"Target: {END}.")
    return source(target(command))


def chosen_tables(environment: Environment, chosen: Sequence[str]) -> dict[str, str]:
    """Logical -> physical names of the chosen tables of an environment, none for all. Raises `UsageError`."""
    tables = dict(copy_side(environment.name).tables)
    if unknown := [name for name in chosen if name not in tables]:
        raise UsageError(f"unknown table {unknown[0]!r}. Allowed: {', '.join(tables)}")
    return {name: tables[name] for name in chosen or tables}
