"""The estimated time and cost of a copy, before any read."""

import math
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tee_infra.core.tables.description import TableFacts

Route: TypeAlias = Literal["wire", "aws"]
"""Through this machine, or with AWS's own export and bulk load."""

_READ_UNIT_BYTES: Final = 8192
"""The bytes that one unit reads in an eventually consistent Scan."""
_WRITE_UNIT_BYTES: Final = 1024
_ITEMS_PER_SECOND: Final = 30_000
"""The throughput of one core of the client, with validation."""
_UNITS_PER_SECOND: Final = 4_000
"""The throughput of a new on-demand table; one that had traffic accepts more."""
_AWS_BYTES_PER_SECOND: Final = 50e6
# On-demand prices of us-east-1 in dollars, since November 2024.
_DOLLARS_PER_READ_UNIT: Final = 0.125e-6
_DOLLARS_PER_WRITE_UNIT: Final = 0.625e-6
_DOLLARS_PER_EXPORTED_BYTE: Final = 0.10e-9
_DOLLARS_PER_LOADED_BYTE: Final = 0.15e-9


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The estimated effort of a transfer; `dollars` at on-demand prices of us-east-1."""

    items: int
    size: int
    seconds: float
    dollars: float


def estimate(source: TableFacts, indexes: int, route: Route) -> Estimate:
    """Time and cost to copy a table into one with `indexes` indexes, from facts that may be hours old."""
    if route == "aws":
        dollars = source.size * (_DOLLARS_PER_EXPORTED_BYTE + _DOLLARS_PER_LOADED_BYTE)
        return Estimate(
            items=source.items, size=source.size, seconds=source.size / _AWS_BYTES_PER_SECOND, dollars=dollars
        )
    reads = source.size / _READ_UNIT_BYTES * 2
    mean = source.size / source.items if source.items else 0.0
    writes = source.items * math.ceil(mean / _WRITE_UNIT_BYTES) * (1 + indexes)
    seconds = max(source.items / _ITEMS_PER_SECOND, writes / _UNITS_PER_SECOND)
    dollars = reads * _DOLLARS_PER_READ_UNIT + writes * _DOLLARS_PER_WRITE_UNIT
    return Estimate(items=source.items, size=source.size, seconds=seconds, dollars=dollars)
