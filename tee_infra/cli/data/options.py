"""Options of the commands that move data."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
from tee_infra.cli.old_names import renamed_option
from tee_infra.cli.options import local_option
from tee_infra.cli.output import Output
from tee_infra.core.data.copy_policy import CopySide, copy_side
from tee_infra.core.environments import Environment
from tee_infra.core.target import is_endpoint
from tee_infra.errors import UsageError
from tee_infra.workflows.session.ends import End, open_ends
from tee_infra.workflows.session.session import Session

Command = TypeVar("Command", bound=Callable[..., Any])

END: Final = "an environment or table:TABLE"
PLACE: Final = "a directory or s3://BUCKET/PREFIX"


def _endpoint(_context: click.Context, _parameter: click.Parameter, url: str | None) -> str | None:
    if url is None or is_endpoint(url):
        return url
    raise click.BadParameter(f"{url!r} cannot be the address of a server. Example: http://127.0.0.1:8000")


_endpoint_option = click.option(
    "--endpoint-url",
    metavar="URL",
    callback=_endpoint,
    help="Use this endpoint. Not allowed where the settings name an account.",
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
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File that --resume continues from. Default: a file in .tee.",
)
resume_option = click.option("--resume", is_flag=True, help="Resume an interrupted run from its checkpoint.")


def where_options(command: Command) -> Command:
    """`--local` and `--endpoint-url`, which go before what the settings say."""
    return local_option(_endpoint_option(command))


def ends_options(command: Command) -> Command:
    """`--from` and `--to`, each an environment or `table:TABLE`, as `source` and `target`."""
    source = click.option("--from", "source", required=True, metavar="ENV", help=f"Source: {END}.")
    target = click.option("--to", "target", required=True, metavar="ENV", help=f"Target: {END}.")
    return source(target(command))


def roles_options(command: Command) -> Command:
    """`--from-role` and `--to-role`, the roles at the two ends."""
    source = click.option(
        "--from-role", metavar="ARN", help="Role to assume at the source. Default: the environment's own migrator."
    )
    target = click.option(
        "--to-role", metavar="ARN", help="Role to assume at the target. Default: the environment's own migrator."
    )
    return source(target(command))


def open_both(
    ends: tuple[CopySide, CopySide],
    roles: tuple[str | None, str | None],
    output: Output,
    *,
    local: bool,
    endpoint_url: str | None,
) -> tuple[Session, Session]:
    """Both sides, with the `roles` that were named; the first line names both. Raises as `open_ends` does.

    The envelope's target is the side that is written to.
    """
    source, target = (
        End(environment=side.environment, subject=side.name, option=option, role=role)
        for side, option, role in zip(ends, ("--from-role", "--to-role"), roles, strict=True)
    )
    sessions = open_ends((source, target), output, local=local, endpoint_url=endpoint_url)
    output.target = sessions[1].target.facts()
    return sessions


def open_databases(
    ends: tuple[CopySide, CopySide],
    roles: tuple[str | None, str | None],
    output: Output,
    *,
    local: bool,
    endpoint_url: str | None,
) -> tuple[DynamoDb, DynamoDb]:
    """DynamoDB of both sides. Raises as `open_both` does."""
    source, target = open_both(ends, roles, output, local=local, endpoint_url=endpoint_url)
    return open_dynamodb(source.connection), open_dynamodb(target.connection)


def chosen_tables(environment: Environment, chosen: Sequence[str]) -> dict[str, str]:
    """Logical -> physical names of the chosen tables of an environment, none for all. Raises `UsageError`."""
    tables = dict(copy_side(environment.name).tables)
    if unknown := [name for name in chosen if name not in tables]:
        raise UsageError(f"unknown table {unknown[0]!r}. Allowed: {', '.join(tables)}")
    return {name: tables[name] for name in chosen or tables}
