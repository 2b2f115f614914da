"""Whether a new slot's table takes what the old one's takes, member by member of what AWS says of both.

A member that this version does not know differs: what a switch would lose of it is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.core.cutover.preflight_facts import WarmThroughput
from tee_infra.core.tables.beyond_catalog import (
    BEYOND,
    COMPARED,
    INDEX_COMPARED,
    INDEX_SETTINGS,
    INDEX_STATE,
    SETTINGS,
    STATE,
)

Described = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A table: the `Table` of DescribeTable, the TTL attribute, Kinesis destinations, and whether it has a policy."""

    described: Described
    ttl_attribute: str | None = None
    destinations: frozenset[str] = frozenset()
    has_policy: bool = False
    recovery: bool = False
    """Whether point-in-time recovery is on."""


def differences(source: Observed, target: Observed) -> tuple[str, ...]:
    """What of the source the target lacks, and what is unknown. More indexes and more protection are no difference."""
    one, two = source.described, target.described
    found = [f"{side} is not ACTIVE" for side, table in (("source", one), ("target", two)) if not _active(table)]
    for name in sorted(one.keys() | two.keys()):
        if name not in COMPARED | BEYOND | SETTINGS | STATE:
            found.append(f"{name} is not known to this version")
        elif name in _RULES and not _RULES[name](one.get(name), two.get(name)):
            found.append(name)
    found += _unknown_in_indexes(one) | _unknown_in_indexes(two)
    if target.ttl_attribute not in (None, source.ttl_attribute):
        found.append("TimeToLive")
    if source.destinations - target.destinations:
        found.append("KinesisDataStreamDestinations")
    if source.has_policy and not target.has_policy:
        found.append("resource policy")
    return tuple(found)


def warm_throughput(table: str, described: Described, *, known: bool) -> dict[str, WarmThroughput]:
    """Of a table and of each index, as `table/index`. `known`: whether this service says it at all; if not, zeros."""
    parts = {table: described} | {
        f"{table}/{index['IndexName']}": index for index in described.get("GlobalSecondaryIndexes") or []
    }
    found: dict[str, WarmThroughput] = {}
    for name, part in parts.items():
        warm = part.get("WarmThroughput") or {}
        reads, writes = warm.get("ReadUnitsPerSecond"), warm.get("WriteUnitsPerSecond")
        if not known:
            found[name] = WarmThroughput(reads=0, writes=0)
        elif isinstance(reads, int) and isinstance(writes, int):
            found[name] = WarmThroughput(reads=reads, writes=writes)
    return found


def says_warm_throughput(*described: Described) -> bool:
    """Whether any of these tables has its warm throughput in its description. An emulator may have none."""
    return any("WarmThroughput" in table for table in described)


def _active(table: Described) -> bool:
    indexes = [index.get("IndexStatus") for index in table.get("GlobalSecondaryIndexes") or []]
    return {table.get("TableStatus"), *indexes} == {"ACTIVE"}


def _unknown_in_indexes(table: Described) -> set[str]:
    known = INDEX_COMPARED | INDEX_SETTINGS | INDEX_STATE
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    return {f"{name} of an index is not known to this version" for index in indexes for name in index.keys() - known}


def _equal(one: Any, two: Any) -> bool:
    return (one or None) == (two or None)


def _each_attribute(one: Any, two: Any) -> bool:
    """An index that only the target has brings attributes of its own."""
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in two or []}
    return all(types.get(entry["AttributeName"]) == entry["AttributeType"] for entry in one or [])


def _each_index(one: Any, two: Any) -> bool:
    present = {index["IndexName"]: index for index in two or []}
    return all(_serves(index, present.get(index["IndexName"])) for index in one or [])


def _serves(index: Described, other: Described | None) -> bool:
    """Whether a query of `index` has the same answer from `other`, and no smaller limit."""
    if other is None or index.get("KeySchema") != other.get("KeySchema"):
        return False
    projected, present = index.get("Projection") or {}, other.get("Projection") or {}
    wanted, has = (frozenset(each.get("NonKeyAttributes") or []) for each in (projected, present))
    kinds = projected.get("ProjectionType"), present.get("ProjectionType")
    if kinds[1] != "ALL" and (kinds[0] != kinds[1] or not wanted <= has):
        return False
    return all(
        _RULES[name](index.get(name), other.get(name)) for name in ("OnDemandThroughput", "ProvisionedThroughput")
    )


def _stream(one: Any, two: Any) -> bool:
    """The target always needs one: a rollback follows it."""
    view = (one or {}).get("StreamViewType")
    return bool((two or {}).get("StreamEnabled")) and (view is None or two.get("StreamViewType") == view)


def _limit(limits: Any, member: str) -> float:
    """No number, -1 and 0 are no limit: a table on demand has 0 provisioned units."""
    number = (limits or {}).get(member)
    return float("inf") if number is None or number <= 0 else number


def _no_less(*members: str) -> Callable[[Any, Any], bool]:
    return lambda one, two: all(_limit(two, member) >= _limit(one, member) for member in members)


def _protected(one: Any, two: Any) -> bool:
    return bool(two) or not one


def _encrypted(one: Any, two: Any) -> bool:
    """Each environment has a key of its own."""
    return (one or {}).get("SSEType") in (None, (two or {}).get("SSEType"))


def _regions(one: Any, two: Any) -> bool:
    here, there = ({replica.get("RegionName") for replica in replicas or []} for replicas in (one, two))
    return here == there


_RULES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "KeySchema": _equal,
    "AttributeDefinitions": _each_attribute,
    "GlobalSecondaryIndexes": _each_index,
    "LocalSecondaryIndexes": _each_index,
    "VectorIndexes": _equal,
    "StreamSpecification": _stream,
    "Replicas": _regions,
    "GlobalTableWitnesses": _regions,
    "MultiRegionConsistency": _equal,
    "ProvisionedThroughput": _no_less("ReadCapacityUnits", "WriteCapacityUnits"),
    "OnDemandThroughput": _no_less("MaxReadRequestUnits", "MaxWriteRequestUnits"),
    "DeletionProtectionEnabled": _protected,
    "SSEDescription": _encrypted,
}
"""Of the members that are compared; warm throughput is a condition of its own."""
