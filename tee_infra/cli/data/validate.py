"""`tee-infra data validate`."""

import json
from dataclasses import asdict
from typing import Any

import click

from tee_infra.cli.data.options import endpoint_option, ends_options, tables_option, transport_option
from tee_infra.cli.options import json_option, yes_option
from tee_infra.cli.output import Output, confirm_by_name, table
from tee_infra.core.data.comparison import Comparison
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.errors import PartialError
from tee_infra.workflows.data.validate_environment import validate_tables
from tee_infra.workflows.session.data_connection import connect_data, open_dynamodb


@click.command()
@ends_options
@tables_option
@click.option("--repair-missing", is_flag=True, help="Put what the target lacks. Never overwrites.")
@transport_option
@endpoint_option
@yes_option
@json_option
def validate(
    *,
    source: str,
    target: str,
    tables: tuple[str, ...],
    repair_missing: bool,
    transport: Any,
    endpoint_url: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Compare tables item by item: exit code 0 when they are equal, 5 when not.

    Reads both tables once if they are equal, and looks up by key what differs if not. `--repair-missing` keeps the
    rules of `data copy`.
    """
    output = Output(as_json)
    ends = copy_side(source), copy_side(target)
    databases = [open_dynamodb(connect_data(end.environment, endpoint_url)) for end in ends]
    output.say(f"{source} at {databases[0].endpoint} against {target} at {databases[1].endpoint}")
    if repair_missing:
        confirm_by_name(output, ends[1].name, f"This puts missing items into {ends[1].name}.", yes=yes)
    found = validate_tables(
        databases[0], databases[1], ends, tables, transport=transport, repair_missing=repair_missing
    )
    output.result({name: _facts(comparison) for name, comparison in found.items()}, _lines(found))
    if different := [name for name, comparison in found.items() if not comparison.equal]:
        raise PartialError(f"not equal: {', '.join(different)}")


def _facts(comparison: Comparison) -> dict[str, Any]:
    differences = [
        {"kind": entry.kind, "key": json.loads(entry.key), "paths": entry.paths} for entry in comparison.differences
    ]
    return {"equal": comparison.equal, **asdict(comparison), "differences": differences}


def _lines(found: dict[str, Comparison]) -> list[str]:
    rows = [
        (
            name,
            "yes" if comparison.equal else "NO",
            *(f"{count:,}" for count in (comparison.missing, comparison.extra, comparison.different)),
            f"{comparison.repaired:,}",
        )
        for name, comparison in found.items()
    ]
    lines = table(("TABLE", "EQUAL", "MISSING", "EXTRA", "DIFFERENT", "REPAIRED"), rows)
    for comparison in found.values():
        lines += [f"  {entry.kind} {entry.key} {' '.join(entry.paths)}".rstrip() for entry in comparison.differences]
    return lines
