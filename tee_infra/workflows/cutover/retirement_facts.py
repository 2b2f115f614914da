"""Measures the facts on which the tables of a slot may be deleted. Reads only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tee_infra.aws.connection import Connection
from tee_infra.aws.consumption import READS, WRITES, ConsumedCapacity
from tee_infra.aws.control_retirement import Retirements
from tee_infra.aws.control_switch import StoredJournal
from tee_infra.aws.control_tail import Readiness
from tee_infra.aws.stream_records import StreamRecords
from tee_infra.core import names
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.retirement import LastSwitch, RetirementFacts
from tee_infra.core.cutover.slots import dimensions_of, environment_of, tables_of
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.description import TableDescription, TableFacts
from tee_infra.core.tags import PREFIX
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.measure import TAIL_SILENCE
from tee_infra.workflows.cutover.status import read_status


@dataclass(frozen=True, kw_only=True)
class SlotInUse:
    """A slot that is asked about: its readers. `command` is the one that asks."""

    slot: str
    command: str
    context: CutoverContext
    capacity: ConsumedCapacity
    streams: StreamRecords
    retirements: Retirements
    resurrected_by: str = ""

    @classmethod
    def connect(
        cls,
        slot: str,
        connection: Connection,
        report: Callable[[str], None],
        *,
        command: str,
        resurrected_by: str = "",
    ) -> "SlotInUse":
        """A slot at `connection`. Sends no request yet."""
        environment = environment_of(slot)
        context = CutoverContext.connect(environment, connection, report)
        return cls(
            slot=slot,
            command=command,
            context=context,
            capacity=ConsumedCapacity.connect(connection),
            streams=StreamRecords.connect(connection),
            retirements=Retirements(context.items, environment),
            resurrected_by=resurrected_by,
        )

    def tables(self) -> dict[str, TableDescription]:
        """The tables that exist, by physical name. Raises `AwsError`."""
        known = {name: self.context.reader.description(name) for name in tables_of(self.slot).values()}
        return {name: found for name, found in known.items() if found is not None}

    def ids(self) -> dict[str, str]:
        """The tables that exist: physical name -> what one of the same name that is made later does not have.

        Raises `AwsError`.
        """
        return _ids(self.tables())


def measure_retirement(subject: SlotInUse, idle_for: timedelta, output: str | None) -> RetirementFacts:
    """The facts now. Raises `AwsError`, and as the control table's readers do."""
    context, tables = subject.context, subject.tables()
    pointer, now = context.pointers.read()
    last = context.journals().read()
    resources: dict[str, Mapping[str, str]] = {}
    for name, found in tables.items():
        resources |= dimensions_of(name, [index.index_name for index in found.global_secondary_indexes])
    return RetirementFacts(
        environment=context.environment,
        slot=subject.slot,
        command=subject.command,
        now=now,
        idle_for=idle_for,
        tables=tuple(tables),
        pointer=pointer,
        switch=LastSwitch(journal=last.journal, at=last.written_at) if isinstance(last, StoredJournal) else last,
        replications=tuple(_replications(context, subject.slot)),
        different=_different(context, subject.slot, pointer),
        unmanaged=", ".join(_unmanaged(subject, tables)),
        resurrected_by=subject.resurrected_by,
        reads=subject.capacity.until(READS, resources, now) if resources else {},
        writes=subject.capacity.until(WRITES, resources, now) if resources else {},
        records={name: _newest(subject, found) for name, found in tables.items()},
        backup=subject.retirements.read(subject.slot, _ids(tables)),
        output=output,
    )


def _ids(tables: Mapping[str, TableDescription]) -> dict[str, str]:
    """An emulator may have no TableId."""
    return {name: f"{found.table_id} {found.creation_date_time}".strip() for name, found in tables.items()}


def _newest(subject: SlotInUse, table: TableDescription) -> datetime | Unreadable | None:
    if not table.streams:
        return Unreadable(reason="its stream is off, so writes to it leave no trace")
    return subject.streams.newest(table.latest_stream_arn)


def _unmanaged(subject: SlotInUse, tables: Mapping[str, TableDescription]) -> Iterator[str]:
    stack = f"{names.PROJECT}/{subject.slot}"
    for name, found in tables.items():
        said = subject.context.dynamodb.identity(TableFacts.read(found)).tags.get(f"{PREFIX}stack")
        if said != stack:
            yield f"{name}: its tag {PREFIX}stack is {said or 'missing'}, not {stack}"


def _different(context: CutoverContext, slot: str, pointer: Pointer | Unreadable) -> dict[str, int]:
    """By the report of the tail from the open slot, which is kept when it has ended."""
    found: dict[str, int] = {}
    for each in read_status(context.items, parse_environment(context.environment)):
        is_tail = isinstance(pointer, Pointer) and (each.source, each.target) == (pointer.slot, slot)
        if is_tail and each.report is not None:
            found |= {name: table.different or 0 for name, table in each.report.tables.items()}
    return found


def _replications(context: CutoverContext, slot: str) -> Iterator[str]:
    for found in read_status(context.items, parse_environment(context.environment)):
        if slot not in (found.source, found.target):
            continue
        if found.report is None:
            yield f"{found.source} -> {found.target}: {found.problem}"
        elif found.state in ("running", "paused"):
            yield f"{found.source} -> {found.target} is {found.state} (by {found.report.holder})"
    said, now = context.tail.readiness()
    if isinstance(said, Unreadable):
        yield said.reason
    elif isinstance(said, Readiness) and slot in said.slots and now - said.said_at <= TAIL_SILENCE:
        yield f"the tail of {said.holder} runs"
