"""What an adoption of the bare tables changes, what it keeps although the catalog says otherwise, and what forbids it.

Keys, indexes, billing mode, encryption, TTL, table class and tags are the table's own and stay: an adoption protects
tables that are in use, and shapes none. The next slot is where they change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.names import LEGACY
from tee_infra.core.settings import Settings
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError

KEEP_READS: Final = 12_000
KEEP_WRITES: Final = 4_000
"""What a new on-demand table serves at once, in units a second: no cap is below it."""
HEADROOM: Final = 10
"""A cap by its own use is this many times the highest minute of two weeks."""
_STREAM: Final = "NEW_AND_OLD_IMAGES"
_RECOVERY_DAYS: Final = 35


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The most units a second that an on-demand table, and each of its indexes, takes."""

    reads: int
    writes: int


@dataclass(frozen=True, kw_only=True)
class LegacyTable:
    """A bare table: its `definition` in AWS, and what keeps it from being adopted. `differences`: from the catalog."""

    name: str
    definition: TableDefinition
    differences: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    cap: Cap | None = None
    """To set; None for one that is provisioned, which its capacity limits."""

    @property
    def provisioned(self) -> bool:
        """Whether its capacity is provisioned."""
        return self.definition.request.get("BillingMode") == "PROVISIONED"

    @property
    def indexes(self) -> list[str]:
        """The names of its global indexes."""
        return [index["IndexName"] for index in self.definition.request.get("GlobalSecondaryIndexes", [])]

    @property
    def recovery_days(self) -> int:
        """Never fewer than now."""
        return max(self.definition.recovery_days or 0, _RECOVERY_DAYS)

    @property
    def stream_view(self) -> str:
        """That of a stream that is on: another one would be a new stream, and its readers would stay on the old one."""
        return (self.definition.stream or {}).get("StreamViewType") or _STREAM

    def protections(self) -> Iterator[str]:
        """What an adoption adds to it, for people."""
        definition = self.definition
        if definition.recovery_days != self.recovery_days:
            yield f"point-in-time recovery for {self.recovery_days} days"
        if not definition.deletion_protection:
            yield "deletion protection"
        if not definition.stream:
            yield f"a stream ({self.stream_view})"
        if self.cap is not None and any(caps_of(part) != self.cap for part in self._capped()):
            yield f"caps of {self.cap.reads:,} reads and {self.cap.writes:,} writes a second, for each index too"

    def _capped(self) -> list[Mapping[str, Any]]:
        return [self.definition.request, *self.definition.request.get("GlobalSecondaryIndexes", [])]


class NotAdoptableError(RefusedError):
    """Bare tables that cannot be adopted; `obstacles` has one line for each reason."""

    def __init__(self, obstacles: list[str]) -> None:
        self.obstacles = obstacles
        super().__init__(
            f"legacy: {'; '.join(obstacles)}. Nothing was changed", next="Compare: tee-infra schema pull TABLE"
        )


def require_adoptable(tables: Sequence[LegacyTable], missing: Sequence[str]) -> None:
    """Check that every table exists and that the program can express it. Raises `NotAdoptableError`, `UsageError`."""
    if missing:
        raise UsageError(
            f"legacy: there is no table {', '.join(missing)} in this account and region. Nothing was changed",
            next="tee-infra show prod has the account and the region",
        )
    if found := [f"{table.name}: {obstacle}" for table in tables for obstacle in table.obstacles]:
        raise NotAdoptableError(found)


def first_pointer(pointer: Pointer | Unreadable, prod_items: Sequence[str]) -> Pointer | str:
    """The pointer that names the bare tables as the open slot, or the reason why it is left as it is.

    Without one, prod's own tables would count as open. `prod_items`: tables of prod that have items, so that the app
    may use them already.
    """
    if isinstance(pointer, Unreadable):
        return pointer.reason
    if pointer.epoch:
        return f"it names {pointer.slot} (epoch {pointer.epoch})"
    if prod_items:
        return f"{', '.join(prod_items)} has items, so the app may use prod already"
    return Pointer(epoch=1, state="ACTIVE", slot=LEGACY)


def caps_of(described: Mapping[str, Any]) -> Cap | None:
    """The caps in a CreateTable request or in one of its indexes; -1 is none."""
    caps = described.get("OnDemandThroughput") or {}
    reads, writes = caps.get("MaxReadRequestUnits"), caps.get("MaxWriteRequestUnits")
    if not isinstance(reads, int) or not isinstance(writes, int) or min(reads, writes) <= 0:
        return None
    return Cap(reads=reads, writes=writes)


def cap_for(settings: Settings, definition: TableDefinition, peak: tuple[float, float] | None) -> Cap | None:
    """The cap to set: that of production's settings, else the present one, else one far above its own use.

    `peak`: the most read and write units in a second that are known of any of its parts; None: unknown. Raises
    `RefusedError` where none of them is known: a cap that is too low throttles the app.
    """
    if definition.request.get("BillingMode") == "PROVISIONED":
        return None
    on_demand = settings.billing_mode == "PAY_PER_REQUEST"
    if on_demand and settings.max_read_units is not None and settings.max_write_units is not None:
        return Cap(reads=settings.max_read_units, writes=settings.max_write_units)
    if (present := caps_of(definition.request)) is not None:
        return present
    if peak is None:
        raise RefusedError(
            "legacy: how much the tables consume is unknown, and a cap that is too low throttles the app. Nothing was "
            "changed",
            next="Set environment.max_read_units and environment.max_write_units in Pulumi.prod.yaml",
        )
    reads, writes = (round(units * HEADROOM) for units in peak)
    return Cap(reads=max(KEEP_READS, reads), writes=max(KEEP_WRITES, writes))
