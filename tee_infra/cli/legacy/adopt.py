"""`tee-infra legacy adopt`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tee_infra.cli.options import dry_run_option, examples, json_option, local_option, yes_option
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers
from tee_infra.cli.results import ResultModel
from tee_infra.core import names
from tee_infra.core.cutover.adoption import LegacyTable
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.environments import parse_environment
from tee_infra.workflows.cutover.adopt import adopt, plan_adoption, plan_pointer, write_pointer
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import open_session


class LegacyTableFacts(ResultModel):
    """A bare table. `protections`: what it gets; `differences`: from the catalog, which stay.

    `max_read_units` and `max_write_units`: its caps and those of each index, null for a provisioned table.
    """

    table: str
    protections: list[str]
    differences: list[str]
    max_read_units: int | None
    max_write_units: int | None


class LegacyAdoptResult(ResultModel):
    """The bare tables. `counts`: operation -> resources that the engine changed, null with --dry-run.

    `opens`: whether the pointer names legacy as the open slot by this run; `pointer_kept`: why not, else null.
    """

    tables: list[LegacyTableFacts]
    opens: bool
    pointer_kept: str | None
    counts: dict[str, int] | None


@prints(LegacyAdoptResult)
@click.command("adopt", epilog=examples("tee-infra legacy adopt --dry-run", "tee-infra legacy adopt"))
@local_option
@dry_run_option
@yes_option
@json_option
def adopt_command(*, local: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Protect the bare tables where they are; nothing is copied.

    They get point-in-time recovery, deletion protection, caps, a stream, alarms and an audit trail, in a stack of their
    own. Keys, indexes, billing mode, encryption, TTL, table class and tags are not changed. The app does not notice.
    At the end the pointer names legacy as prod's open slot, for an app that follows it.
    The caps are those of Pulumi.prod.yaml, otherwise the present ones, otherwise ten times the highest use of the last
    two weeks. A second run finishes what an interrupted one began.
    """
    output = Output(as_json)
    if not dry_run:
        require_answers(output, yes=yes)
    project = find_project(Path.cwd())
    session = open_session(project, parse_environment(names.PRODUCTION), output, local=local, start=True)
    tables, pointer = plan_adoption(session), plan_pointer(session, output)
    for line in (*_lines(tables), f"pointer: {_told(pointer)}"):
        output.say(line)
    if dry_run:
        output.result(_result(tables, pointer, None), [])
        return
    confirm_by_name(
        output, names.LEGACY, "This changes the settings of tables that the app uses. No item is changed.", yes=yes
    )
    run = adopt(session, tables)
    pointer = write_pointer(session, output)
    output.result(
        _result(tables, pointer, run.counts()),
        [
            f"legacy: adopted, {run.report()}",
            f"pointer: {_told(pointer)}",
            "next: tee-infra legacy migrate --dry-run (docs/legacy.md)",
        ],
    )


def _lines(tables: Sequence[LegacyTable]) -> Iterator[str]:
    for table in tables:
        yield f"{table.name}: gets {'; '.join(table.protections()) or 'nothing more'}"
        for difference in table.differences:
            yield f"  not changed: {difference}"
    yield "and alarms, a dashboard and an audit trail, where they are missing"


def _told(pointer: Pointer | str) -> str:
    return f"{pointer.slot} is the open slot of prod" if isinstance(pointer, Pointer) else f"not changed: {pointer}"


def _result(tables: Sequence[LegacyTable], pointer: Pointer | str, counts: dict[str, int] | None) -> LegacyAdoptResult:
    facts = [
        LegacyTableFacts(
            table=table.name,
            protections=list(table.protections()),
            differences=list(table.differences),
            max_read_units=table.cap.reads if table.cap else None,
            max_write_units=table.cap.writes if table.cap else None,
        )
        for table in tables
    ]
    kept = pointer if isinstance(pointer, str) else None
    return LegacyAdoptResult(tables=facts, opens=kept is None, pointer_kept=kept, counts=counts)
