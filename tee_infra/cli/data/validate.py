"""`tee-infra data validate`."""

import json
from typing import Any, Literal

import click
from pydantic import RootModel

from tee_infra.cli.data.options import (
    ends_options,
    open_databases,
    roles_options,
    tables_option,
    transport_option,
    where_options,
)
from tee_infra.cli.data.refusals import RefusedItemFacts, refused_facts, require_none_refused
from tee_infra.cli.options import json_option, yes_option
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers, table
from tee_infra.cli.results import ResultModel, SideFacts, side_facts
from tee_infra.core.codec.refusals import listed
from tee_infra.core.data.comparison import Comparison
from tee_infra.core.data.copy_policy import check_sides, copy_side, pair_tables
from tee_infra.errors import PartialError
from tee_infra.workflows.data.validate_environment import validate_tables


class DifferenceFacts(ResultModel):
    """One key whose items differ, as DynamoDB's JSON; `paths` are those that differ in an item on both sides."""

    kind: Literal["missing", "extra", "different"]
    key: dict[str, dict[str, str]]
    paths: list[str]


class ComparedTable(ResultModel):
    """How a table differs between two sides. All differences are counted, the first ones are listed.

    `missing`: items that the target lacks; `extra`: those that the source lacks. `repaired` of the missing ones were
    put into the target; `refused` are those that it does not take. `expired` ones are
    gone on one side because of their TTL: no difference, and never repaired.
    """

    table: str
    source: SideFacts
    target: SideFacts
    equal: bool
    source_items: int
    target_items: int
    missing: int
    extra: int
    different: int
    repaired: int
    expired: int
    differences: list[DifferenceFacts]
    refused: list[RefusedItemFacts]


class DataValidateResult(RootModel[dict[str, ComparedTable]]):
    """Table -> how its two sides differ."""


@prints(DataValidateResult)
@click.command()
@ends_options
@tables_option
@click.option("--repair-missing", is_flag=True, help="Write missing items to the target. Never overwrites.")
@transport_option
@roles_options
@where_options
@yes_option
@json_option
def validate(
    *,
    source: str,
    target: str,
    tables: tuple[str, ...],
    repair_missing: bool,
    transport: Any,
    from_role: str | None,
    to_role: str | None,
    local: bool,
    endpoint_url: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Compare tables item by item; exits 5 if they differ.

    Equal tables are read once; differing items are then looked up by key. --repair-missing follows the rules of
    `data copy`: production is never a target.
    """
    output = Output(as_json)
    ends = copy_side(source), copy_side(target)
    pair_tables(*ends, tables)
    if repair_missing:
        check_sides(*ends, anonymized=False)
        require_answers(output, yes=yes)
    databases = open_databases(ends, (from_role, to_role), output, local=local, endpoint_url=endpoint_url)
    if repair_missing:
        confirm_by_name(output, ends[1].name, f"This writes missing items to {ends[1].name}.", yes=yes)
    found = validate_tables(
        databases[0], databases[1], ends, tables, transport=transport, repair_missing=repair_missing
    )
    sides = {
        name: (side_facts(ends[0], one), side_facts(ends[1], two)) for name, one, two in pair_tables(*ends, tables)
    }
    compared = {name: _compared(name, sides[name], comparison) for name, comparison in found.items()}
    output.result(DataValidateResult(compared), _lines(found))
    require_none_refused("data validate", [(name, comparison.refused) for name, comparison in found.items()])
    if different := [name for name, comparison in found.items() if not comparison.equal]:
        raise PartialError(f"data validate: {target} differs from {source} in {', '.join(different)}")


def _compared(name: str, sides: tuple[SideFacts, SideFacts], comparison: Comparison) -> ComparedTable:
    differences = [
        DifferenceFacts(kind=entry.kind, key=json.loads(entry.key), paths=list(entry.paths))
        for entry in comparison.differences
    ]
    facts = {"table": name, "source": sides[0], "target": sides[1], "equal": comparison.equal}
    lists = {"differences": differences, "refused": refused_facts(comparison.refused)}
    return ComparedTable.model_validate(vars(comparison) | facts | lists)


def _lines(found: dict[str, Comparison]) -> list[str]:
    rows = [
        (
            name,
            "yes" if comparison.equal else "NO",
            *(f"{count:,}" for count in (comparison.missing, comparison.extra, comparison.different)),
            f"{comparison.repaired:,}",
            f"{comparison.expired:,}",
        )
        for name, comparison in found.items()
    ]
    lines = table(("TABLE", "EQUAL", "MISSING", "EXTRA", "DIFFERENT", "REPAIRED", "EXPIRED"), rows)
    for comparison in found.values():
        lines += [f"  {entry.kind} {entry.key} {' '.join(entry.paths)}".rstrip() for entry in comparison.differences]
        lines += listed(comparison.refused)
    return lines
