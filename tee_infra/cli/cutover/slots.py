"""`tee-infra slots`."""

from collections.abc import Iterator

import click

from tee_infra.aws.control_switch import StoredJournal
from tee_infra.cli.cutover.options import open_context
from tee_infra.cli.options import environment_argument, json_option, local_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel, Time
from tee_infra.core.cutover.slots import environment_of
from tee_infra.core.environments import Environment
from tee_infra.core.times import render_duration, render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cutover.slots import SlotRow, Slots, hours_left, list_slots


class SlotFacts(ResultModel):
    """`tables`: name in the catalog -> name in AWS, of those that exist. `items` and `size_bytes` are hours old.

    `lag_seconds`: how far it is behind the open slot, null where no replication says it. `rollback_hours_left` and
    `archive_at`: of the slot before the last switch, else null.
    """

    slot: str
    active: bool
    tables: dict[str, str]
    created_at: Time | None
    age_seconds: float | None
    items: int
    size_bytes: int
    lag_seconds: float | None
    rollback_hours_left: float | None
    archive_at: Time | None


class SwitchFacts(ResultModel):
    """The last switch: its present or last step, and since when."""

    source: str
    target: str
    step: str
    ended: bool
    since: Time


class SlotsResult(ResultModel):
    """The slots of an environment. `active`: the slot that is open to the app's writes, null if it cannot be read.

    `epoch` and `state` are the pointer's; `problem`: why something cannot be read, else null.
    """

    environment: str
    active: str | None
    epoch: int | None
    state: str | None
    drain_until: Time | None
    switch: SwitchFacts | None
    problem: str | None
    slots: list[SlotFacts]


@prints(SlotsResult)
@click.command()
@environment_argument
@local_option
@json_option
def slots(environment: Environment, local: bool, as_json: bool) -> None:
    """List the slots of an environment, and which one is open.

    A slot is one generation of an environment's tables: prod, prod-v2, and legacy for the tables without a prefix.
    """
    output = Output(as_json)
    context = open_context(environment_of(environment.name), output, local=local)
    found = list_slots(context.items, context.reader, context.environment)
    output.result(_facts(found), _lines(found))


def _facts(found: Slots) -> SlotsResult:
    pointer = None if isinstance(found.pointer, Unreadable) else found.pointer
    stored = found.switch if isinstance(found.switch, StoredJournal) else None
    problems = [each.reason for each in (found.pointer, found.switch, *found.denied) if isinstance(each, Unreadable)]
    return SlotsResult(
        environment=found.environment,
        active=pointer.slot if pointer else None,
        epoch=pointer.epoch if pointer else None,
        state=pointer.state if pointer else None,
        drain_until=pointer.drain_until if pointer else None,
        switch=SwitchFacts(
            source=stored.journal.source,
            target=stored.journal.target,
            step=stored.journal.step,
            ended=stored.journal.ended,
            since=stored.written_at,
        )
        if stored
        else None,
        problem="; ".join(problems) or None,
        slots=[_slot(row, found) for row in found.rows],
    )


def _slot(row: SlotRow, found: Slots) -> SlotFacts:
    slot = row.slot
    return SlotFacts(
        slot=slot.name,
        active=row.is_open,
        tables=dict(slot.tables),
        created_at=slot.created_at,
        age_seconds=None if slot.created_at is None else (found.now - slot.created_at).total_seconds(),
        items=slot.items,
        size_bytes=slot.size_bytes,
        lag_seconds=row.lag_seconds,
        rollback_hours_left=hours_left(row, found.now),
        archive_at=row.kept_until,
    )


_HEADINGS = ("SLOT", "OPEN", "TABLES", "AGE", "ITEMS", "SIZE", "LAG", "ROLLBACK", "ARCHIVE")


def _lines(found: Slots) -> Iterator[str]:
    if isinstance(found.pointer, Unreadable):
        yield f"{found.environment}: {found.pointer.reason}"
    else:
        pointer = found.pointer
        until = f", writes are held until {render_time(pointer.drain_until)} at most" if pointer.drain_until else ""
        yield f"{found.environment}: {pointer.slot} is open, {pointer.state} at epoch {pointer.epoch}{until}"
    if isinstance(found.switch, Unreadable):
        yield found.switch.reason
    elif found.switch is not None:
        journal = found.switch.journal
        since = render_time(found.switch.written_at)
        yield f"last switch: {journal.source} to {journal.target}, {journal.step} since {since}"
    yield from (each.reason for each in found.denied)
    yield ""
    yield from table(_HEADINGS, [_cells(row, found) for row in found.rows])


def _cells(row: SlotRow, found: Slots) -> tuple[str, ...]:
    slot, left = row.slot, hours_left(row, found.now)
    return (
        slot.name,
        "yes" if row.is_open else "no",
        str(len(slot.tables)),
        "?" if slot.created_at is None else render_duration(found.now - slot.created_at),
        f"{slot.items:,}",
        f"{slot.size_bytes / 1e6:,.1f} MB",
        "-" if row.is_open else "unknown" if row.lag_seconds is None else f"{row.lag_seconds:.1f} s",
        "-" if left is None else f"{left:.1f} h left",
        "-" if row.kept_until is None else render_time(row.kept_until),
    )
