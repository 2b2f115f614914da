"""`tee-infra diff`."""

import json
from typing import Any, Literal

import click

from tee_infra.cli.data.options import open_both, where_options
from tee_infra.cli.options import EnvironmentName, examples, json_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import Environment
from tee_infra.errors import PartialError, UsageError
from tee_infra.workflows.environments.diff import EnvironmentDifference, TableDifference, compare_environments
from tee_infra.workflows.session.open_slot import side_of_open_slot


class SettingDifference(ResultModel):
    """Both values of a setting that differs."""

    first: Any
    second: Any


class KeyDifference(ResultModel):
    """One key whose items differ, as DynamoDB's JSON; `paths` differ in an item of both.

    In a `masked` table `paths` are the names of attributes.
    """

    kind: Literal["first only", "second only", "different"]
    key: dict[str, dict[str, Any]]
    paths: list[str]


class ItemsDifference(ResultModel):
    """How many items differ; the first keys are listed.

    `expired` ones are gone from one table because of their TTL, which is no difference. `masked`: personal parts of the
    keys are stars, because a table is production.
    """

    first_only: int
    second_only: int
    different: int
    expired: int
    masked: bool
    keys: list[KeyDifference]


class TableDifferenceFacts(ResultModel):
    """How a table differs: its schema one line each; `items` is null where they were not compared."""

    table: str
    first: str
    second: str
    schema_differences: list[str]
    items: ItemsDifference | None


class DiffResult(ResultModel):
    """How two environments differ."""

    first: str
    second: str
    equal: bool
    settings: dict[str, SettingDifference]
    tables: list[TableDifferenceFacts]


@prints(DiffResult)
@click.command(epilog=examples("tee-infra diff staging dev", "tee-infra diff prod-v2 prod --data"))
@click.argument("first", type=EnvironmentName(), metavar="ENV")
@click.argument("second", type=EnvironmentName(), metavar="ENV")
@click.option("--data", is_flag=True, help="Compare the items too.")
@click.option("--show-personal", is_flag=True, help="Do not mask personal parts of production's keys.")
@where_options
@json_option
def diff(
    *,
    first: Environment,
    second: Environment,
    data: bool,
    show_personal: bool,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Compare two environments.

    Compares the settings in force, the schemas of the live tables and, with --data, their items. Exits 5 if they
    differ. For prod, the tables are those of its open slot.
    """
    output = Output(as_json)
    if first.name == second.name:
        raise UsageError(f"diff: {first.name} is named twice. Nothing was contacted", next="Name two environments")
    ends = copy_side(first.name), copy_side(second.name)
    sessions = open_both(ends, (None, None), output, local=local, endpoint_url=endpoint_url)
    ends = (
        side_of_open_slot(ends[0], sessions[0].connection, output.say),
        side_of_open_slot(ends[1], sessions[1].connection, output.say),
    )
    found = compare_environments(sessions, ends, data=data, show_personal=show_personal)
    output.result(_result((first.name, second.name), found), _lines((first.name, second.name), found))
    if not found.equal:
        raise PartialError(f"diff: {first.name} and {second.name} differ")


def _result(names: tuple[str, str], found: EnvironmentDifference) -> DiffResult:
    return DiffResult(
        first=names[0],
        second=names[1],
        equal=found.equal,
        settings={name: SettingDifference(first=one, second=two) for name, (one, two) in found.settings.items()},
        tables=[
            TableDifferenceFacts(
                table=entry.table,
                first=entry.names[0],
                second=entry.names[1],
                schema_differences=entry.schema,
                items=_items(entry),
            )
            for entry in found.tables
        ],
    )


_KINDS: dict[str, Literal["first only", "second only", "different"]] = {
    "missing": "first only",
    "extra": "second only",
    "different": "different",
}


def _items(entry: TableDifference) -> ItemsDifference | None:
    if entry.items is None:
        return None
    keys = [
        KeyDifference(kind=_KINDS[difference.kind], key=key, paths=list(difference.paths))
        for difference, key in entry.keys
    ]
    return ItemsDifference(
        first_only=entry.items.missing,
        second_only=entry.items.extra,
        different=entry.items.different,
        expired=entry.items.expired,
        masked=entry.masked,
        keys=keys,
    )


def _lines(names: tuple[str, str], found: EnvironmentDifference) -> list[str]:
    settings = [(name, _text(one), _text(two)) for name, (one, two) in found.settings.items()]
    lines = table(("SETTING", *names), settings) if settings else ["settings: equal"]
    schemas = [f"{entry.table}: {difference}" for entry in found.tables for difference in entry.schema]
    lines += ["", *(schemas or ["schemas: equal"])]
    counted = [(entry, entry.items) for entry in found.tables if entry.items is not None]
    if not counted:
        return lines
    rows = [
        (entry.table, f"{items.missing:,}", f"{items.extra:,}", f"{items.different:,}", f"{items.expired:,}")
        for entry, items in counted
    ]
    heads = ("TABLE", f"ONLY IN {names[0]}", f"ONLY IN {names[1]}", "DIFFERENT", "EXPIRED")
    lines += ["", *table(heads, rows)]
    only = {"missing": f"only in {names[0]}", "extra": f"only in {names[1]}", "different": "different"}
    for entry, _ in counted:
        lines += [
            f"  {entry.table}: {only[one.kind]} {_text(key)} {' '.join(one.paths)}".rstrip() for one, key in entry.keys
        ]
    if any(entry.masked for entry, _ in counted):
        lines.append("Personal parts of keys are masked, because a table is production. To see them: --show-personal")
    return lines


def _text(value: object) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)
