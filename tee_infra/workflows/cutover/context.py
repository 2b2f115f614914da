"""What commands about the slots of one environment work with: its items of the control table, and its tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_switch import Pointers, SwitchJournals
from tee_infra.aws.control_table import ControlTable
from tee_infra.aws.control_tail import TailItems
from tee_infra.aws.dynamodb import DynamoDb, open_dynamodb
from tee_infra.aws.slot_tables import SlotTableReader
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.lifecycle.actor import Actor
from tee_infra.workflows.control.processes import this_actor
from tee_infra.workflows.cutover.replication import Ends, switch_lock_name
from tee_infra.workflows.cutover.table_replication import ReplicatedTable


@dataclass(frozen=True, kw_only=True)
class CutoverContext:
    """One environment, in one account and region. `report` is told what happens, for people.

    `reached` are the slots that its roles may use; None where no rights are enforced.
    """

    environment: str
    items: ControlItems
    reader: SlotTableReader
    dynamodb: DynamoDb
    actor: Actor
    report: Callable[[str], None]
    reached: frozenset[str] | None = None

    @classmethod
    def connect(
        cls,
        environment: str,
        connection: Connection,
        report: Callable[[str], None],
        reached: frozenset[str] | None = None,
    ) -> "CutoverContext":
        """The environment at `connection`. Sends no request yet. Raises `AwsError`, `UsageError` without a region."""
        return cls(
            environment=environment,
            items=ControlItems.connect(connection),
            reader=SlotTableReader.connect(connection),
            dynamodb=open_dynamodb(connection),
            actor=this_actor(),
            report=report,
            reached=reached,
        )

    @cached_property
    def pointers(self) -> Pointers:
        """The pointer."""
        return Pointers(self.items, self.environment)

    @cached_property
    def tail(self) -> TailItems:
        """The tail's readiness, and from where it follows."""
        return TailItems(self.items, self.environment)

    @cached_property
    def locks(self) -> Locks:
        """The locks of the account."""
        return Locks(self.items)

    @cached_property
    def history(self) -> ControlTable:
        """The history of the account."""
        return ControlTable(self.items)

    @property
    def switch_lock(self) -> str:
        """The lock of a switch. While it is held, other replications of the environment hand over to it."""
        return switch_lock_name(self.environment)

    def journals(self) -> SwitchJournals:
        """The journal of the last switch, for one run."""
        return SwitchJournals(self.items, self.environment)

    def ends(self, source: str, target: str, transform: str = "") -> Ends:
        """All tables of the catalog in two slots; `transform` is a name, empty for a plain copy.

        Raises `NoTableError`, `DynamoDbError`.
        """
        there = tables_of(target)
        tables = tuple(
            ReplicatedTable(name=name, source=self.dynamodb.table(physical), target=self.dynamodb.table(there[name]))
            for name, physical in tables_of(source).items()
        )
        return Ends(
            source_name=source,
            target_name=target,
            source=self.dynamodb,
            target=self.dynamodb,
            tables=tables,
            transform=transform,
        )

    def is_writable(self, table: str) -> bool:
        """Whether writes to a table are let through, by its physical name. Writes nothing."""
        return self.reader.is_writable(table, self.dynamodb.table(table).key_types_by_name)
