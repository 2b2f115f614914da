"""`tee-infra data get | query | scan`."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.data.options import where_options
from tee_infra.cli.options import environment_argument, examples, json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.core.codec.masking import TypedItem
from tee_infra.core.codec.plain_items import document, ordered
from tee_infra.core.environments import Environment
from tee_infra.core.printable import printable_json
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.named_table import named_index, named_table
from tee_infra.workflows.data.look import FoundItems, Look, open_look
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.open_slot import open_slot, tables_in

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_LIMIT: Final = 20
MOST_ITEMS: Final = 1000


class LookedAt(ResultModel):
    """The table that was read. `production`: why it is production, or may be; null where it is not.

    `masked`: personal values are stars of the same type and length.
    """

    environment: str
    table: str
    physical_name: str
    production: str | None
    masked: bool


class DataGetResult(LookedAt):
    """One item, as DynamoDB's JSON."""

    item: dict[str, dict[str, Any]]


class FoundItemsResult(LookedAt):
    """The first items, as DynamoDB's JSON; `more`: there are others. `index`: null for the table itself."""

    index: str | None
    items: list[dict[str, dict[str, Any]]]
    more: bool


class DataQueryResult(FoundItemsResult):
    """The first items of a partition."""


class DataScanResult(FoundItemsResult):
    """The first items of a table."""


_table_argument = click.argument("table", metavar="TABLE")
_limit_option = click.option(
    "--limit",
    type=click.IntRange(1, MOST_ITEMS),
    default=DEFAULT_LIMIT,
    metavar="N",
    help=f"Maximum number of items. Default: {DEFAULT_LIMIT}.",
)


def look_options(command: Command) -> Command:
    """`--raw` and `--show-personal`, and where to look."""
    raw = click.option("--raw", is_flag=True, help="Print DynamoDB's JSON, with the type of each value.")
    personal = click.option("--show-personal", is_flag=True, help="Do not mask personal values of production.")
    return raw(personal(where_options(json_option(command))))


@prints(DataGetResult)
@click.command(
    "get",
    epilog=examples(
        "tee-infra data get dev tee-admin MEMBER#m-17 PROFILE",
        "tee-infra data get dev sync-status 'MEMBER#m-17 SYNC#ghin' --raw",
    ),
)
@environment_argument
@_table_argument
@click.argument("partition", metavar="PARTITION")
@click.argument("sort", required=False, metavar="[SORT]")
@look_options
def get(
    *,
    environment: Environment,
    table: str,
    partition: str,
    sort: str | None,
    raw: bool,
    show_personal: bool,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Print one item by its key.

    TABLE is a table of the catalog, with or without tee-. PARTITION and SORT are the key, as two arguments or one.
    Personal values of production are masked.
    """
    output, entry = Output(as_json, for_file=True), named_table(table)
    look = _open(output, environment, entry, (local, endpoint_url), show_personal=show_personal)
    item = look.get((partition,) if sort is None else (partition, sort))
    result = DataGetResult(**_looked_at(environment, look), item=ordered(item, look.key_names))
    output.result(result, _lines(item, look, raw=raw))


@prints(DataQueryResult)
@click.command(
    "query",
    epilog=examples(
        "tee-infra data query dev schedules MEMBER#m-17 --begins-with SCHEDULE#",
        "tee-infra data query dev schedules 2026-11-02 --index by-date --limit 5",
    ),
)
@environment_argument
@_table_argument
@click.argument("partition", metavar="PARTITION")
@click.option("--index", metavar="INDEX", help="Query this index. Its items may be some moments old.")
@click.option("--begins-with", metavar="PREFIX", help="Only sort keys that begin with PREFIX.")
@_limit_option
@look_options
def query(
    *,
    environment: Environment,
    table: str,
    partition: str,
    index: str | None,
    begins_with: str | None,
    limit: int,
    raw: bool,
    show_personal: bool,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Print the items of one partition.

    They are in the order of their sort keys. TABLE is a table of the catalog, with or without tee-. Personal values
    of production are masked.
    """
    output, entry = Output(as_json, for_file=True), named_table(table)
    chosen = named_index(entry, index) if index is not None else None
    look = _open(output, environment, entry, (local, endpoint_url), show_personal=show_personal)
    found = look.query(partition, index=chosen, begins_with=begins_with, limit=limit)
    result = DataQueryResult(**_looked_at(environment, look), **_found(found, look), index=index)
    output.result(result, _lines(found.items, look, raw=raw))
    _say_more(output, found)


@prints(DataScanResult)
@click.command("scan", epilog=examples("tee-infra data scan dev tee-admin", "tee-infra data scan dev admin --limit 3"))
@environment_argument
@_table_argument
@_limit_option
@look_options
def scan(
    *,
    environment: Environment,
    table: str,
    limit: int,
    raw: bool,
    show_personal: bool,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Print the first items of a table, in no order.

    TABLE is a table of the catalog, with or without tee-. Personal values of production are masked.
    """
    output, entry = Output(as_json, for_file=True), named_table(table)
    look = _open(output, environment, entry, (local, endpoint_url), show_personal=show_personal)
    found = look.scan(limit)
    result = DataScanResult(**_looked_at(environment, look), **_found(found, look), index=None)
    output.result(result, _lines(found.items, look, raw=raw))
    _say_more(output, found)


def _open(
    output: Output, environment: Environment, table: Table, where: tuple[bool, str | None], *, show_personal: bool
) -> Look:
    """The table in the open slot, with the caller's own rights: whether they may read it is for AWS to say."""
    local, endpoint_url = where
    session = open_data_session(environment, environment.name, output, local=local, endpoint_url=endpoint_url)
    slot = open_slot(environment, session.connection, output.say)
    dynamodb = open_dynamodb(session.connection)
    physical = tables_in(slot, {table.name: table.name})[table.name]
    look = open_look(dynamodb, environment, table, physical, show_personal=show_personal)
    if look.mask:
        output.say(f"{physical}: personal values are masked: {look.production}. To see them: --show-personal")
    return look


def _looked_at(environment: Environment, look: Look) -> dict[str, Any]:
    return {
        "environment": environment.name,
        "table": look.table.name,
        "physical_name": look.access.table.name,
        "production": look.production,
        "masked": look.mask is not None,
    }


def _found(found: FoundItems, look: Look) -> dict[str, Any]:
    return {"items": [ordered(item, look.key_names) for item in found.items], "more": found.more}


def _lines(items: TypedItem | list[TypedItem], look: Look, *, raw: bool) -> list[str]:
    """A JSON document by lines; its strings are text of others, and escaped so that it stays JSON."""
    return printable_json(document(items, look.key_names, raw=raw)).split("\n")


def _say_more(output: Output, found: FoundItems) -> None:
    count = len(found.items)
    more = f"; there are more: --limit N shows up to {MOST_ITEMS:,}" if found.more else ""
    output.say(f"{count:,} item{'s' * (count != 1)}{more}")
