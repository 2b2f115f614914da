"""What commands print: results on standard output, and under `--json` only JSON there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeVar

import click
from pydantic import BaseModel

from tee_infra.cli.envelope import ReportedError, envelope, failure_of
from tee_infra.cli.printing import ask, show, show_document
from tee_infra.core import names
from tee_infra.core.changes.blocked import blocked
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.changes.table_change import change_class, replaced_tables
from tee_infra.core.cost import prices
from tee_infra.core.environments import Environment
from tee_infra.core.printable import printable
from tee_infra.core.target import AwsTarget, TargetFacts
from tee_infra.errors import RefusedError, UsageError

Command = TypeVar("Command", bound=click.Command)

_OUTPUT: Final = f"{__name__}.output"
"""Where a run of a command keeps its output, for its end."""
_MODELS: Final[dict[click.Command, type[BaseModel]]] = {}
_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


@dataclass
class Output:
    """Where a command's text goes. `as_json`: one document on standard output; text for people on standard error.

    `target` is where the command goes, once it is known; None also for one that goes to several places.
    `for_file`: the result is to be redirected, so text for people goes to standard error without `--json` as well.
    """

    as_json: bool = False
    target: TargetFacts | None = None
    for_file: bool = False
    _result: BaseModel | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        context = click.get_current_context(silent=True)
        if context is not None:
            context.meta[_OUTPUT] = self

    def at(self, *targets: AwsTarget) -> None:
        """Where the command goes: one line before anything else. The last call is what is remembered."""
        places: dict[str, list[AwsTarget]] = {}
        for target in targets:
            places.setdefault(target.where(), []).append(target)
        self.say("; ".join(f"{', '.join(target.name for target in at)}: {where}" for where, at in places.items()))
        self.target = None
        if len(places) == 1:
            facts = targets[0].facts()
            self.target = facts if len(targets) == 1 else facts._replace(environment=None)

    def say(self, line: str) -> None:
        """A line for people, at once."""
        show(line, err=self.as_json or self.for_file)

    def result(self, result: BaseModel, lines: Iterable[str]) -> None:
        """Print the result: `result` under `--json`, once the command ends, otherwise `lines`, at once."""
        if self.as_json:
            self._result = result
            return
        for line in lines:
            show(line)

    def end(self, error: BaseException | None = None) -> None:
        """Print the document, with what went wrong if something did."""
        result = None if self._result is None else self._result.model_dump(mode="json", by_alias=True)
        show_document(envelope(self.target, result, failure_of(error) if error else None))


def prints(model: type[BaseModel]) -> Callable[[Command], Command]:
    """What a command's result is: its `model`, in the one document that it prints under `--json` when it ends."""

    def install(command: Command) -> Command:
        run = command.callback
        if run is None:
            raise TypeError(command)

        @wraps(run)
        def run_to_the_document(*arguments: Any, **options: Any) -> None:
            if not options["as_json"]:
                run(*arguments, **options)
                return
            meta = click.get_current_context().meta
            try:
                run(*arguments, **options)
            except (Exception, KeyboardInterrupt) as error:
                (meta.get(_OUTPUT) or Output(as_json=True)).end(error)
                raise ReportedError(error) from error
            meta[_OUTPUT].end()

        command.callback = run_to_the_document
        _MODELS[command] = model
        return command

    return install


def model_of(command: click.Command) -> type[BaseModel]:
    """The model of a command's result. Raises `KeyError` for a command that has none."""
    return _MODELS[command]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, as it will be printed."""
    cells = [[printable(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def run_lines(run: EngineRun) -> list[str]:
    """What the engine planned or did, for people: deletions and replacements first, ignored changes last.

    A change that `up` refuses says why.
    """
    lines: list[str] = []
    refused = blocked(run)
    for change in sorted(run.changes, key=lambda change: not change.destroys):
        lines.append(f"  {_SIGNS[change.operation]} {change.operation:<8} {change.type}  {change.name}")
        if change.urn in refused:
            lines.append(f"      blocked: {refused[change.urn]}")
        lines += [f"      {path} ({kind})" for path, kind in change.differences.items()]
    for entry in run.ignored:
        lines.append(
            f"  ! {entry.name}: {', '.join(entry.paths)} differ but are never sent to AWS; the table is not changed"
        )
    count = f" ({len(refused)} blocked, so up refuses the whole plan)" if refused else ""
    return [*lines, f"  {run.summary()}{count}"]


def refill_lines(environment: Environment, run: EngineRun) -> list[str]:
    """Which tables a completed run has emptied by replacing them, and how to fill them; nothing for any other run."""
    name, empty = environment.name, replaced_tables(run)
    if not empty:
        return []
    ways = [f"tee-infra backup restore {name} --input DIR"]
    if not environment.kind.production:
        ways = [f"tee-infra data seed {name}", f"tee-infra data sync-dev --anonymize --to {name}", *ways]
    lines = [f"{names.table(name, table)}: replaced, so it is empty now" for table in empty]
    return [*lines, "To fill it:" if len(empty) == 1 else "To fill them:", *(f"  {way}" for way in ways)]


def run_json(run: EngineRun) -> dict[str, Any]:
    """What the engine planned or did, for scripts.

    `class` is only set for tables; `monthly_usd` estimates the added monthly storage cost.
    """
    refused = blocked(run)
    return {
        "changes": [
            {
                "operation": change.operation,
                "type": change.type,
                "name": change.name,
                "urn": change.urn,
                "differences": dict(change.differences),
                "class": change_class(change),
                "blocked": refused.get(change.urn),
            }
            for change in run.changes
        ],
        "ignored": [{"name": entry.name, "urn": entry.urn, "paths": list(entry.paths)} for entry in run.ignored],
        "counts": run.counts(),
        "monthly_usd": round(run.monthly_usd, 2),
        "prices_as_of": prices.AS_OF.isoformat(),
    }


def require_answers(output: Output, *, yes: bool) -> None:
    """Refuse at once where the command could not ask. Raises `UsageError` for `--json` without `--yes`."""
    if output.as_json and not yes:
        raise UsageError("--json: cannot ask for confirmation. Nothing was changed", next="Add --yes")


def confirm_by_name(output: Output, name: str, question: str, *, yes: bool) -> None:
    """Continue only if `name` is typed or `--yes` was given.

    Raises `RefusedError` for any other answer, and `UsageError` under `--json`, which cannot ask.
    """
    require_answers(output, yes=yes)
    if yes:
        return
    typed = ask(question, f"Type {name} to continue")
    if typed != name:
        raise RefusedError(f"confirmation: {typed!r} is not {name!r}. Nothing was changed")
