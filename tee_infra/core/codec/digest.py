"""Whether two tables have the same items, in constant memory: order-independent digests of canonical items.

DynamoDB may return the attributes of an item and the members of a set in any order, and services differ in how they
write a number. The canonical form has attributes and sets sorted and numbers in one spelling; binaries already have
one. A signature is the count of items and the sum modulo 2^128 of their digests, so segments, pages and their order
do not matter.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.errors import RemoteError

BUCKETS: Final = 4096
"""The number of `Buckets`: more of them locate differences more precisely."""

_MODULUS: Final = 1 << 128
# The content of a string cannot match, because its quotes are escaped; an attribute called N or NS can, which only
# costs time.
_ODD_NUMBER: Final = re.compile(rb'"N":"(?!(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9])")')
_SET: Final = b'S":['

_NO_ITEM: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


class NotAnItemError(RemoteError, ValueError):
    """An item that is not DynamoDB's JSON, or has no key. Its text is not shown: it may be personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"an item is not DynamoDB's JSON ({reason})")


def canonical(item: RawItem) -> bytes:
    """The one spelling of an item: sorted JSON without spaces."""
    return canonical_and_key(item, ())[0]


def canonical_and_key(item: RawItem, key_names: Sequence[str]) -> tuple[bytes, bytes]:
    """The canonical item, and its canonical key: the JSON list of the values of `key_names`.

    Raises `NotAnItemError`.
    """
    try:
        decoded = _decode(item)
        text = _encode(decoded)
        if _SET in text or _ODD_NUMBER.search(text):
            decoded = {name: _normal(value) for name, value in decoded.items()}
            text = _encode(decoded)
        return text, _encode([decoded[name] for name in key_names])
    except _NO_ITEM as error:
        raise NotAnItemError(type(error).__name__) from None


def digest(canonical_item: bytes) -> int:
    """128 bits of a canonical item."""
    return int.from_bytes(hashlib.blake2b(canonical_item, digest_size=16).digest(), "big")


@dataclass(slots=True)
class Signature:
    """The items of a table, or of some of its segments, in 16 bytes and a count."""

    count: int = 0
    total: int = 0

    def add(self, items: Iterable[RawItem]) -> None:
        """Add items."""
        total, count = self.total, self.count
        for item in items:
            total += digest(canonical(item))
            count += 1
        self.total, self.count = total % _MODULUS, count

    def add_raw(self, items: Iterable[RawItem]) -> None:
        """Add items in their present spelling: several times cheaper, and equal signatures still mean equal items.

        Unequal signatures prove nothing, because the same items may be spelled differently.
        """
        start, number, total, count = hashlib.blake2b(digest_size=16).copy, int.from_bytes, self.total, self.count
        for item in items:
            state = start()  # cheaper than a state with parameters
            state.update(item)
            total += number(state.digest(), "big")
            count += 1
        self.total, self.count = total % _MODULUS, count

    def merge(self, other: "Signature") -> None:
        """Add all items of another signature."""
        self.count += other.count
        self.total = (self.total + other.total) % _MODULUS


class Buckets:
    """Signatures by the hash of the item's key: a few differing items of two tables are in few buckets."""

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.totals = [0] * BUCKETS

    def add(self, items: Iterable[RawItem], key_names: Sequence[str]) -> None:
        """Add items."""
        counts, totals = self.counts, self.totals
        for item in items:
            text, key = canonical_and_key(item, key_names)
            bucket = bucket_of(key)
            counts[bucket] += 1
            totals[bucket] = (totals[bucket] + digest(text)) % _MODULUS

    def merge(self, other: "Buckets") -> None:
        """Add all items of other buckets."""
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.totals = [(mine + its) % _MODULUS for mine, its in zip(self.totals, other.totals, strict=True)]

    def differing(self, other: "Buckets") -> frozenset[int]:
        """The buckets whose items are not the same."""
        return frozenset(
            bucket
            for bucket in range(BUCKETS)
            if self.counts[bucket] != other.counts[bucket] or self.totals[bucket] != other.totals[bucket]
        )

    @property
    def count(self) -> int:
        """The number of items added."""
        return sum(self.counts)


def bucket_of(canonical_key: bytes) -> int:
    """The bucket of a key."""
    return int.from_bytes(hashlib.blake2b(canonical_key, digest_size=2).digest(), "big") % BUCKETS


def differing_paths(one: RawItem, other: RawItem, limit: int = 5) -> list[str]:
    """The differences of two items as attribute paths (`address.M.city`), at most `limit`."""
    found: list[str] = []
    _compare("", _decode(canonical(one)), _decode(canonical(other)), found)
    return found[:limit]


def plain_number(text: str) -> str:
    """One spelling of a DynamoDB number: no exponent, no needless zeros, no negative zero."""
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else plain


def _normal(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, held),) = value.items()
    match kind:
        case "N":
            held = plain_number(held)
        case "NS":
            held = sorted(plain_number(number) for number in held)
        case "SS" | "BS":
            held = sorted(held)
        case "L":
            held = [_normal(element) for element in held]
        case "M":
            held = {name: _normal(element) for name, element in held.items()}
        case _:
            pass
    return {kind: held}


def _compare(path: str, one: Any, other: Any, found: list[str]) -> None:
    if one == other:
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            _compare(f"{path}.{name}" if path else name, one.get(name), other.get(name), found)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, its) in enumerate(zip(one, other, strict=True)):
            _compare(f"{path}[{index}]", mine, its, found)
    else:
        found.append(path)
