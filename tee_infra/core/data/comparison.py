"""Comparing two tables: the options, and the differences."""

from dataclasses import dataclass, field
from typing import Final, Literal

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.refusals import RefusedItem
from tee_infra.core.codec.scan_filter import ScanFilter
from tee_infra.core.codec.transform import Transform

SEGMENTS_A_WORKER: Final = 4
LISTED_KEYS: Final = 50
"""The number of differing keys that are listed; all are counted."""


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """How to compare. The target should have the results of `transform` for the source's items that pass `filter`.

    `subset`: the target may have more. `limit`: only the first `limit` items of a scan in one segment count, and the
    target may have more. `repair_missing`: put missing items, and never overwrite.
    """

    transform: Transform | None = None
    filter: ScanFilter = field(default_factory=ScanFilter)
    limit: int | None = None
    subset: bool = False
    repair_missing: bool = False
    workers: int = 2
    backoff: Backoff = field(default_factory=Backoff)

    @property
    def segments(self) -> int:
        """The number of segments to scan in."""
        return 1 if self.limit is not None else self.workers * SEGMENTS_A_WORKER


@dataclass(frozen=True, kw_only=True)
class SourceChanges:
    """What is known of writes to a source while it was copied, `by` its stream or a second reading.

    `changed`: whether there were any, None where nothing could tell, for `problem`. `items`: how many items, None where
    only a second reading tells; with a `problem` at least so many.
    """

    by: Literal["stream", "second reading"] | None
    changed: bool | None
    items: int | None = None
    problem: str | None = None

    @property
    def text(self) -> str:
        """For people, after "validated against the source as read; "."""
        if self.changed is None:
            return f"whether the source changed meanwhile is unknown: {self.problem}"
        if not self.changed:
            return f"the source did not change meanwhile, by its {self.by}"
        if self.items is None:
            return f"the source changed meanwhile, by its {self.by}: the copy may hold items as they were before"
        least = "at least " if self.problem else ""
        return (
            f"{least}{self.items:,} items of the source changed meanwhile: the copy may hold them as they were before"
        )


@dataclass(frozen=True)
class Difference:
    """One differing key: its raw JSON, and the differing attribute paths of an item that both sides have."""

    kind: Literal["missing", "extra", "different"]
    key: str
    paths: tuple[str, ...] = ()


@dataclass
class Comparison:
    """Counts of items that only the source has, that only the target has, and that differ.

    `repaired` of the missing ones were put into the target, and `refused` are those that it does not take.
    `expired` ones are on one side only because TTL deletes each table's items at its own pace: they are neither missing
    nor extra, and never repaired.
    """

    source_items: int = 0
    target_items: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    repaired: int = 0
    expired: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    refused: list[RefusedItem] = field(default_factory=list[RefusedItem])

    @property
    def equal(self) -> bool:
        """Whether the tables hold the same items now."""
        return self.complete and not self.extra

    @property
    def complete(self) -> bool:
        """Whether the target has every item of the source, and possibly others."""
        return self.missing == self.repaired and not self.different

    def note(self, difference: Difference) -> None:
        """Count a difference, and list it while there is room."""
        match difference.kind:
            case "missing":
                self.missing += 1
            case "extra":
                self.extra += 1
            case "different":
                self.different += 1
        if len(self.differences) < LISTED_KEYS:
            self.differences.append(difference)

    def merge(self, other: "Comparison") -> None:
        """Add the differences that another worker found."""
        self.missing += other.missing
        self.extra += other.extra
        self.different += other.different
        self.repaired += other.repaired
        self.refused += other.refused
        self.expired += other.expired
        self.differences += other.differences[: LISTED_KEYS - len(self.differences)]
