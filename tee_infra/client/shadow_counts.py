"""What shadow reads find: both answers in one form, counts of what differs, and how long each slot took.

`tee_infra.core.cutover.shadow_reads` adds the counts of all clients; `tests/client/test_shadow.py` compares the two.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WINDOW: Final = 600
"""Seconds, by AWS's clock: what is counted together, so that what came before a comparison can be left out."""
WINDOWS: Final = 144
"""A day of them: an item of a window takes the place of the one a day before."""
FASTEST: Final = 0.00025
"""Seconds; the upper end of bucket 0."""
STEP: Final = 1.07
"""Each bucket of latencies ends at so many times the end of the one before."""
BUCKETS: Final = 120
"""The last one has no end."""
LAG: Final = 2.0
"""Seconds before a difference is looked at again; a switch begins only where replication lags less."""
_SLOT: Final = re.compile(r"legacy|prod(-v[1-9][0-9]{0,3})?")


@dataclass(frozen=True)
class ShadowReads:
    """Send `percent` % of the app's reads to `slot` too, e.g. 1.5. Raises `ValueError`."""

    slot: str
    percent: float

    def __post_init__(self) -> None:
        if not _SLOT.fullmatch(self.slot):
            raise ValueError(f"{self.slot!r} is not a slot of prod, e.g. prod-v2")
        if not 0 < self.percent <= 100:  # noqa: PLR2004
            raise ValueError(f"{self.percent} is not a share above 0 % and up to 100 %")


class Counts:
    """Counts since the last write, by their names in the item."""

    def __init__(self) -> None:
        self.pending: Counter[str] = Counter()

    def read(self, table: str, *, differs: bool = False) -> None:
        """A pair of reads that was compared."""
        self.pending[f"reads#{table}"] += 1
        if differs:
            self.pending[f"differ#{table}"] += 1

    def failed(self, table: str) -> None:
        """A read that the new slot has not answered, which is slower than every answer."""
        self.pending[f"failed#{table}"] += 1
        self.pending[f"n{BUCKETS - 1}"] += 1

    def took(self, old: float, new: float) -> None:
        """Seconds of a pair of reads."""
        self.pending[f"o{bucket(old)}"] += 1
        self.pending[f"n{bucket(new)}"] += 1

    def drained(self, written: Mapping[str, int]) -> None:
        """Forget what was written."""
        self.pending.subtract(written)
        self.pending = +self.pending


def bucket(seconds: float) -> int:
    """The bucket of a latency."""
    if seconds <= FASTEST:
        return 0
    return min(math.ceil(math.log(seconds / FASTEST) / math.log(STEP) - 1e-9), BUCKETS - 1)


def window_of(now: float) -> int:
    """The window of a time in seconds since 1970."""
    return int(now // WINDOW)


def sort_key(slot: str, window: int) -> str:
    """The sort key of a window's item, beside the pointer: the app may update no other partition."""
    return f"shadow#{slot}#{window % WINDOWS:03d}"


def comparable(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> str | None:
    """An answer in DynamoDB's JSON in one form, with its items in any order. None for a batch with unprocessed keys.

    A page of an index that is not its last one counts by its size: items with equal sort keys have no order there.
    """
    if operation == "BatchGetItem":
        if answer.get("UnprocessedKeys"):
            return None
        items = [item for each in answer["Responses"].values() for item in each]
    elif operation == "Query":
        if "IndexName" in request and "LastEvaluatedKey" in answer:
            return f"{answer.get('Count')} and more"
        items = answer.get("Items", [])
    else:
        items = [answer["Item"]] if "Item" in answer else []
    found = sorted(_text({"M": item}) for item in items)
    return "\n".join([str(answer.get("Count", len(items))), *found])


def _text(value: Mapping[str, Any]) -> str:
    """A value as text: numbers by their value, sets and maps in one order."""
    kind, wire = next(iter(value.items()))
    if kind == "N":
        return f"N({number(wire)})"
    if kind == "M":
        return f"M({','.join(f'{json.dumps(name, ensure_ascii=False)}:{_text(wire[name])}' for name in sorted(wire))})"
    if kind == "L":
        return f"L({','.join(_text(each) for each in wire)})"
    if kind in ("SS", "NS", "BS"):
        return f"{kind}({','.join(sorted(number(each) if kind == 'NS' else json.dumps(each) for each in wire))})"
    return f"{kind}({json.dumps(wire, ensure_ascii=False)})"


def number(text: str) -> str:
    """A number in one form: its digits without zeros at either end, and its exponent: `1.50` -> `15E-1`."""
    value = Decimal(text)
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    return f"{'-' if value < 0 else ''}{digits}E{value.adjusted() - len(digits) + 1}" if digits else "0"
