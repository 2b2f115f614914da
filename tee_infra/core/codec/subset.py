"""Subsets of an environment: selecting entities, the same ones in every table.

An entity is selected when its keyed hash is below a threshold. No table is looked up in another one: the same key
gives the same selection everywhere, so references between tables never dangle, and a larger fraction contains a
smaller one.
"""

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from tee_infra.core.codec.entities import entity_of
from tee_infra.errors import UsageError

_SPACE: Final = 1 << 64


class SubsetError(UsageError):
    """An invalid fraction or number of members; `value` is the one given."""

    def __init__(self, option: str, value: float, allowed: str) -> None:
        self.value = value
        super().__init__(f"{option} {value} is not {allowed}")


def check_size(fraction: float | None, members: int | None) -> None:
    """Raises `SubsetError` for a fraction that is not above 0 and at most 1, and for fewer than one member."""
    if fraction is not None and not 0 < fraction <= 1:
        raise SubsetError("--fraction", fraction, "above 0 and at most 1")
    if members is not None and members < 1:
        raise SubsetError("--members", members, "1 or more")


@dataclass(frozen=True)
class Subset:
    """The entities whose hash under `key` is below `threshold`, of 2**64.

    The hash is BLAKE2b with its own domain: with the anonymizer's key it reveals nothing about pseudonyms.
    """

    key: bytes
    threshold: int

    @classmethod
    def of_fraction(cls, key: bytes, fraction: float) -> Self:
        """About `fraction` of all entities, above 0 and at most 1. Raises `SubsetError`."""
        check_size(fraction, None)
        return cls(key, round(fraction * _SPACE))

    @classmethod
    def of_count(cls, key: bytes, count: int, partition_keys: Iterable[str]) -> Self:
        """Exactly `count` of the entities in `partition_keys`, or all of them when there are fewer.

        Reads every key once and keeps `count` hashes. Raises `SubsetError` for a count below 1.
        """
        check_size(None, count)
        return cls(key, _below(count, (_position(key, entity_of(text)) for text in partition_keys)))

    @property
    def fraction(self) -> float:
        """The expected share of all entities."""
        return self.threshold / _SPACE

    def takes(self, partition_key: str) -> bool:
        """Whether the items under this partition key belong to the subset."""
        return _position(self.key, entity_of(partition_key)) < self.threshold


def _below(count: int, positions: Iterable[int]) -> int:
    """The threshold above the `count` smallest of the distinct positions."""
    smallest: list[int] = []  # a heap of negated positions: its root is the largest that is kept
    kept: set[int] = set()
    for position in positions:
        if position in kept or (len(smallest) == count and position > -smallest[0]):
            continue
        kept.add(position)
        heapq.heappush(smallest, -position)
        if len(smallest) > count:
            kept.discard(-heapq.heappop(smallest))
    return -smallest[0] + 1 if smallest else 0


def _position(key: bytes, entity: str) -> int:
    digest = hashlib.blake2b(entity.encode(), digest_size=8, key=key, person=b"tee:subset").digest()
    return int.from_bytes(digest, "big")
