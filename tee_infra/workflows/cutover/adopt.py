"""Adopt the bare tables: the engine gets them into a stack of their own, and adds the protections of production.

No item of theirs is read or copied, and a table that is in use stays so. The lock of the stack is held; a second run
finishes what a first one began. Then the pointer names the bare tables as the open slot, if nothing has named one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tee_infra.aws.connection import Connection
from tee_infra.aws.consumption import READS, WRITES, ConsumedCapacity
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers
from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.aws.slot_tables import SlotTableReader
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core import names
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.changes.slot_changes import check_adoption
from tee_infra.core.cutover.adoption import LegacyTable, cap_for, caps_of, first_pointer, require_adoptable
from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.slots import dimensions_of, tables_of
from tee_infra.core.tables.beyond_catalog import Beyond
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.description import read_description
from tee_infra.core.tables.live_schema import differences, read_schema, schema_of
from tee_infra.workflows.cutover.legacy_stack import legacy_stack
from tee_infra.workflows.session import apply
from tee_infra.workflows.session.ends import as_own_role
from tee_infra.workflows.session.session import EnvironmentSession, Reporter

COMMAND: Final = "tee-infra legacy adopt"
_NOT_HERE: Final = ("a global table", "for vectors")
"""What no program here can express: the next `up` would take it away."""


def read_legacy(connection: Connection) -> tuple[list[LegacyTable], list[str]]:
    """The bare tables as they are, and the names of those that do not exist. Raises `AwsError`."""
    reader = SlotTableReader.connect(connection)
    definitions = TableDefinitions(open_dynamodb(connection).client)
    found: list[LegacyTable] = []
    missing: list[str] = []
    for spec in TABLES:
        observed, definition = reader.observed(spec.name), definitions.definition(spec.name)
        if observed is None or definition is None:
            missing.append(spec.name)
            continue
        lifetime = {"TimeToLiveStatus": "ENABLED", "AttributeName": observed.ttl_attribute}
        description = read_description({"Table": observed.described})
        live = read_schema(description, lifetime if observed.ttl_attribute else {})
        wanted = replace(schema_of(spec), stream_view=live.stream_view or spec.stream_view)
        told = differences(replace(wanted, stream_view=spec.stream_view), replace(live, stream_view=wanted.stream_view))
        obstacles = [str(part) for part in live.beyond if _is_obstacle(part)]
        if not description.active:
            obstacles.append(f"it or an index is not ACTIVE ({description.table_status})")
        table = LegacyTable(
            name=spec.name,
            definition=definition,
            differences=tuple(told),
            obstacles=tuple(obstacles),
            cap=caps_of(definition.request),
        )
        if table.provisioned:
            table = replace(table, differences=(*told, "billing mode: on demand in the catalog, provisioned live"))
        found.append(table)
    return found, missing


def plan_adoption(session: EnvironmentSession) -> list[LegacyTable]:
    """The tables with the caps that they get. Changes nothing. Raises `NotAdoptableError`, `AwsError`."""
    tables, missing = read_legacy(session.connection)
    require_adoptable(tables, missing)
    capacity = ConsumedCapacity.connect(session.connection)
    now = datetime.now(UTC)
    planned: list[LegacyTable] = []
    for table in tables:
        resources = dimensions_of(table.name, table.indexes)
        peak = capacity.peak(READS, resources, now), capacity.peak(WRITES, resources, now)
        planned.append(replace(table, cap=cap_for(session.settings, table.definition, peak)))
    return planned


def plan_pointer(session: EnvironmentSession, reporter: Reporter) -> Pointer | str:
    """The pointer to write, or why it is left as it is. Raises `NoControlTableError`, `AwsError`, `AssumeRoleError`."""
    pointer, _ = Pointers(ControlItems.connect(session.connection), names.PRODUCTION).read()
    reader = SlotTableReader.connect(session.connection)
    present = [name for name in tables_of(names.PRODUCTION).values() if reader.description(name) is not None]
    if present and isinstance(pointer, Pointer) and not pointer.epoch:
        # Only prod's own role may scan its tables.
        definitions = TableDefinitions(open_dynamodb(as_own_role(session, reporter).connection).client)
        present = [name for name in present if not definitions.is_empty(name)]
    return first_pointer(pointer, present)


def write_pointer(session: EnvironmentSession, reporter: Reporter) -> Pointer | str:
    """Name the bare tables as the open slot, once. Raises as `plan_pointer` does."""
    planned = plan_pointer(session, reporter)
    if isinstance(planned, str):
        return planned
    before = Pointer(epoch=0, state="ACTIVE", slot=names.PRODUCTION)
    written = Pointers(ControlItems.connect(session.connection), names.PRODUCTION).write(before, planned)
    return planned if written else "another run has written it"


def adopt(session: EnvironmentSession, tables: Sequence[LegacyTable]) -> EngineRun:
    """Adopt them. The engine's plan is checked before the first change. Raises `UnexpectedChangeError`, `LockedError`,
    and as `Stack` does."""
    with legacy_stack(session) as stack:
        opened = stack.open(tables)
        with opened.lock(COMMAND) as check:
            opened.stack.create()
            # Whatever exists gets into the state, and is not changed.
            opened.stack.adopt(opened.target.account_id, opened.settings.region)
            return apply.up(opened, lambda plan: check_adoption(names.LEGACY, COMMAND, plan), check)


def _is_obstacle(part: Beyond) -> bool:
    return part.why in _NOT_HERE
