"""The plan of a migration: what its tables are, whether it may begin, and how long it takes. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import Final

from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers, SwitchJournals
from tee_infra.aws.dynamodb import DynamoDb, NoTableError
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.journal_items import StoredJournal
from tee_infra.core.cutover.migration import (
    State,
    TableEstimate,
    check_ends,
    check_identities,
    check_open_slot,
    estimate,
    home_of,
    total_seconds,
)
from tee_infra.core.cutover.sentinels import without_sentinels
from tee_infra.core.data.copy_policy import CopySide, DifferentKeysError
from tee_infra.core.names import LEGACY
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.cutover.replication import Ends, read_journals
from tee_infra.workflows.cutover.table_replication import ReplicatedTable
from tee_infra.workflows.cutover.transform import LoadedTransform
from tee_infra.workflows.cutover.warming import PlannedWarming, plan_warming
from tee_infra.workflows.data.table_io import TableAccess, scan_pages

_SAMPLE: Final = 100


@dataclass(frozen=True, kw_only=True)
class MigrationPlan:
    """A migration that may begin. `states` are the target's tables before it; `seconds` are of copy and catch-up.

    `warming` is only of slots: no other environment is switched to. `leads_back`: the target was open until the last
    switch, so what differs there may be a write of an app; only what an earlier comparison has found is overwritten,
    `different` items by table.
    """

    ends: Ends
    sides: tuple[CopySide, CopySide]
    estimates: Mapping[str, TableEstimate]
    states: Mapping[str, State]
    seconds: float
    warming: PlannedWarming
    leads_back: bool
    different: Mapping[str, int]
    transform: LoadedTransform | None = None

    @property
    def kept(self) -> frozenset[str]:
        """The tables in which an item that differs is not overwritten."""
        names = [table.name for table in self.ends.tables] if self.leads_back else []
        return frozenset(name for name in names if not self.different.get(name))

    @property
    def home(self) -> str:
        """The environment whose pointer names the target's slot."""
        return home_of(self.sides[1]).name


def plan_migration(
    source: DynamoDb,
    target: DynamoDb,
    control: ControlItems,
    sides: tuple[CopySide, CopySide],
    transform: LoadedTransform | None = None,
) -> MigrationPlan:
    """Check that the migration is allowed and plan it. `control` is the control table of the target's account.

    Raises as `check_ends`, `check_identities`, `check_open_slot` and `total_seconds` do, `DifferentKeysError`,
    `RefusedError` for a source without a stream, `UsageError` for a missing table, and as `ControlItems`.
    """
    check_ends(*sides)
    pairs = {name: (_table(source, sides[0], name), _table(target, sides[1], name)) for name in sides[0].tables}
    check_identities(sides, [(source.identity(one), target.identity(other)) for one, other in pairs.values()])
    for one, other in pairs.values():
        _check_tables(sides[0], one, other)
    ends = Ends(
        source_name=sides[0].name,
        target_name=sides[1].name,
        source=source,
        target=target,
        tables=tuple(ReplicatedTable(name=name, source=one, target=other) for name, (one, other) in pairs.items()),
        transform=transform.name if transform else "",
    )
    estimates = estimate(pairs)
    seconds = total_seconds(estimates)
    journals = read_journals(control, ends)
    states = _states(journals, ends)
    check_open_slot(sides, Pointers(control, home_of(sides[1]).name).read()[0], states)
    if transform is not None:
        for table in ends.tables:
            transform.check(table.name, _sample(source, table.source, _SAMPLE), table.source.key_names)
    home = home_of(sides[1])
    return MigrationPlan(
        ends=ends,
        sides=sides,
        estimates=estimates,
        states=states,
        seconds=seconds,
        warming=plan_warming(ends) if home.kind.production else PlannedWarming(increases={}, sources={}),
        leads_back=SwitchJournals(control, home.name).back(sides[0].name, sides[1].name) is not None,
        different={name: journal.different for name, journal in journals.items()},
        transform=transform,
    )


def _table(dynamodb: DynamoDb, side: CopySide, name: str) -> TableFacts:
    try:
        return dynamodb.table(side.table(name))
    except NoTableError as error:
        create = None if side.name == LEGACY else f"Create it: tee-infra up {side.name}"
        raise UsageError(f"{error.message}. Nothing was written", next=create) from None


def _check_tables(side: CopySide, source: TableFacts, target: TableFacts) -> None:
    if (source.key_names, source.key_types) != (target.key_names, target.key_types):
        raise DifferentKeysError(source, target)
    if source.key_types[0] != "S":
        raise UsageError(
            f"{source.name}: its partition key is not a text, which a heartbeat needs. Nothing was written"
        )
    if not source.stream_arn:
        switch_on = f"tee-infra up {side.name}" if side.name != LEGACY else "tee-infra legacy adopt"
        raise RefusedError(
            f"{source.name}: its stream is off, so its changes during the copy would be lost. Nothing was written",
            next=f"Switch it on: {switch_on}",
        )


def _states(journals: Mapping[str, StoredJournal], ends: Ends) -> dict[str, State]:
    states: dict[str, State] = {}
    for table in ends.tables:
        if journals[table.name].progress.positioned:
            states[table.name] = "resumes"
        else:
            states[table.name] = "has other items" if _sample(ends.target, table.target, 1) else "empty"
    return states


def _sample(dynamodb: DynamoDb, table: TableFacts, most: int) -> list[RawItem]:
    """Up to `most` items of the application, strongly consistent."""
    found: list[RawItem] = []
    with TableAccess(dynamodb.transport(), table).requests(Event(), Backoff()) as requests:
        for page in scan_pages(requests, table.name, extra={"ConsistentRead": True, "Limit": most + _SAMPLE}):
            found += without_sentinels(page.items, table.key_names[0])
            if len(found) >= most:
                break
    return list(islice(found, most))
