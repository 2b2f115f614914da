"""What commands print: results on standard output, and under `--json` JSON alone there."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.changes.table_change import change_class
from tee_infra.core.cost import prices
from tee_infra.errors import RefusedError, UsageError

_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


@dataclass(frozen=True)
class Output:
    """Where a command's text goes. `as_json`: everything for people goes to standard error."""

    as_json: bool = False

    def say(self, line: str) -> None:
        """A line for people, at once."""
        click.echo(line, err=self.as_json)

    def result(self, data: Any, lines: Iterable[str]) -> None:
        """What the command is for: `data` under `--json`, else `lines`."""
        if self.as_json:
            click.echo(json.dumps(data, indent=2, ensure_ascii=False))
            return
        for line in lines:
            click.echo(line)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headings, *rows)
    ]


def plan_lines(plan: EngineRun) -> list[str]:
    """A plan for people: what is lost first, then the rest, each with the paths that differ; then what AWS ignores."""
    lines: list[str] = []
    for change in sorted(plan.changes, key=lambda change: not change.destroys):
        lines.append(f"  {_SIGNS[change.operation]} {change.operation:<8} {change.type}  {change.name}")
        lines += [f"      {path} ({kind})" for path, kind in change.differences.items()]
    for entry in plan.ignored:
        lines.append(f"  ! {entry.name}: AWS never hears of {', '.join(entry.paths)}, and the table stays as it is")
    return [*lines, f"  {plan.summary()}"]


def plan_json(plan: EngineRun) -> dict[str, Any]:
    """A plan for scripts. `class` is of tables alone; `monthly_usd` is how much more is paid at rest, an estimate."""
    return {
        "changes": [
            {
                "operation": change.operation,
                "type": change.type,
                "name": change.name,
                "urn": change.urn,
                "differences": dict(change.differences),
                "class": change_class(change),
            }
            for change in plan.changes
        ],
        "ignored": [{"name": entry.name, "urn": entry.urn, "paths": list(entry.paths)} for entry in plan.ignored],
        "counts": plan.counts(),
        "monthly_usd": round(plan.monthly_usd, 2),
        "prices_as_of": prices.AS_OF.isoformat(),
    }


def confirm_by_name(output: Output, name: str, question: str, *, yes: bool) -> None:
    """Go on only when `name` is typed, or `--yes` was given.

    Raises `RefusedError` when something else is typed, and `UsageError` for `--json`, where nobody can answer.
    """
    if yes:
        return
    if output.as_json:
        raise UsageError("--json cannot ask", next="Add --yes to go on without a question")
    typed = click.prompt(f"{question}\nType {name} to go on", default="", show_default=False)
    if typed != name:
        raise RefusedError(f"{typed!r} is not {name!r}; nothing was changed")
