"""`tee-infra local fault …`: what DynamoDB does and an emulator does not, on command."""

from pathlib import Path
from typing import Any

import click

from tee_infra import local as local_aws
from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import find_project

table_argument = click.argument("table", metavar="TABLE")


class LocalFaultShardsResult(ResultModel):
    """How many shards of a table's stream are open now."""

    physical_name: str
    open_shards: int


class LocalFaultTrimResult(ResultModel):
    """How many records a table's stream has lost."""

    physical_name: str
    trimmed_records: int


@click.group()
def fault() -> None:
    """Make the embedded AWS fail as DynamoDB does.

    TABLE is a table's name in AWS, e.g. dev-tee-admin. The changes of a
    stream are permanent.
    """


@prints(LocalFaultShardsResult)
@fault.command()
@table_argument
@json_option
def split(table: str, as_json: bool) -> None:
    """Close every open shard of a table's stream, each continued by two."""
    _continue(table, 2, as_json=as_json)


@prints(LocalFaultShardsResult)
@fault.command()
@table_argument
@json_option
def close(table: str, as_json: bool) -> None:
    """Close every open shard of a table's stream, each continued by one."""
    _continue(table, 1, as_json=as_json)


@prints(LocalFaultTrimResult)
@fault.command()
@table_argument
@json_option
def trim(table: str, as_json: bool) -> None:
    """Remove every record of a table's stream, as if 24 hours had passed."""
    lost = control("trim", table=table)["trimmed_records"]
    result = LocalFaultTrimResult(physical_name=table, trimmed_records=lost)
    Output(as_json).result(result, [f"{table}: {lost:,} stream records trimmed"])


def control(action: str, **arguments: Any) -> dict[str, Any]:
    """Send a control request to the embedded AWS of this checkout."""
    return local_aws.send_control(embedded_aws.require(find_project(Path.cwd())), action, **arguments)


def _continue(table: str, parts: int, *, as_json: bool) -> None:
    found = control("split", table=table, parts=parts)["open_shards"]
    result = LocalFaultShardsResult(physical_name=table, open_shards=found)
    Output(as_json).result(result, [f"{table}: its stream has {found} open shards"])
