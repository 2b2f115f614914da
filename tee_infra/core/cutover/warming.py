"""What a migration raises, so that the new slot takes at once what the old one does: warm throughput.

A new on-demand table or index takes 12,000 reads and 4,000 writes a second at once, and throttles what comes suddenly
above them. AWS can raise both ahead of time; an increase is billed once and cannot be taken back, so only what is lower
than the source's is raised. (Its documentation, Understanding DynamoDB warm throughput.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tee_infra.core.cutover.preflight_facts import WarmThroughput
from tee_infra.core.cutover.same_tables import Described, warm_throughput

_TABLE = ""


@dataclass(frozen=True, kw_only=True)
class Increase:
    """Of a table, or of one of its indexes: the units a second that it takes now, and those that it has to take."""

    index: str | None
    present: WarmThroughput
    wanted: WarmThroughput

    def __str__(self) -> str:
        members = (
            (self.present.reads, self.wanted.reads, "reads"),
            (self.present.writes, self.wanted.writes, "writes"),
        )
        return " and ".join(f"{now:,} -> {then:,} {what}" for now, then, what in members if now != then)


def increases(source: Described, target: Described) -> tuple[Increase, ...]:
    """What of the target takes less than the same of the source. Parts of which AWS says nothing are left out.

    Both are the `Table` of DescribeTable.
    """
    wanted, present = _parts(source), _parts(target)
    return tuple(
        Increase(index=part or None, present=now, wanted=now.or_more(wanted[part]))
        for part, now in present.items()
        if part in wanted and not now.covers(wanted[part])
    )


def is_being_raised(described: Described) -> bool:
    """Whether an earlier increase is not complete: DescribeTable has the values before until it is."""
    parts = [described, *(described.get("GlobalSecondaryIndexes") or [])]
    return any((part.get("WarmThroughput") or {}).get("Status") == "UPDATING" for part in parts)


def update_request(table: str, wanted: tuple[Increase, ...]) -> dict[str, Any]:
    """The UpdateTable for all increases of one table: it takes those of the table and of its indexes together."""
    request: dict[str, Any] = {"TableName": table}
    updates: list[dict[str, Any]] = []
    for increase in wanted:
        warm = {"ReadUnitsPerSecond": increase.wanted.reads, "WriteUnitsPerSecond": increase.wanted.writes}
        if increase.index is None:
            request["WarmThroughput"] = warm
        else:
            updates.append({"Update": {"IndexName": increase.index, "WarmThroughput": warm}})
    return request | ({"GlobalSecondaryIndexUpdates": updates} if updates else {})


def _parts(described: Described) -> Mapping[str, WarmThroughput]:
    """By index, the table's own under the empty name."""
    found = warm_throughput(_TABLE, described, known=True)
    return {name.removeprefix("/"): warm for name, warm in found.items()}
