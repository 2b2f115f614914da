"""Shadow reads: what the clients of an app have counted while they repeated reads in another slot.

`tee_infra.client.shadow_counts` writes the counts, an item for each ten minutes of the last day, beside the pointer.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from tee_infra.core.unreadable import Unreadable

WINDOW: Final = timedelta(minutes=10)
"""What is counted together."""
KEPT: Final = timedelta(hours=24)
"""Then an item is overwritten; an older one has no meaning."""
SILENCE: Final = timedelta(minutes=20)
"""Clients that send shadow reads write their counts every ten seconds."""
FASTEST: Final = 0.00025
"""Seconds; the upper end of bucket 0."""
STEP: Final = 1.07
"""Each bucket of latencies ends at so many times the end of the one before; the last one has no end."""
BUCKETS: Final = 120
_COUNT: Final = re.compile(r"(reads|differ|failed)#([A-Za-z0-9_.-]+)|([on])([0-9]{1,3})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ShadowTable:
    """`reads` were compared and `mismatches` of them differed, also after replication; `failed` ones had no answer."""

    reads: int = 0
    mismatches: int = 0
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class ShadowReads:
    """The shadow reads of a slot, by table. The ratios are the new slot's latency by the open one's, None without any.

    `still_sent`: whether clients have sent some in the last minutes.
    """

    tables: Mapping[str, ShadowTable]
    p50_ratio: float | None
    p99_ratio: float | None
    still_sent: bool

    @property
    def total(self) -> ShadowTable:
        """Of all tables."""
        counts = self.tables.values()
        return ShadowTable(
            reads=sum(each.reads for each in counts),
            mismatches=sum(each.mismatches for each in counts),
            failed=sum(each.failed for each in counts),
        )


def read_shadow_reads(
    items: Iterable[Mapping[str, Any]], slot: str, now: datetime, since: datetime | None
) -> ShadowReads | Unreadable | None:
    """The shadow reads in the items beside a pointer: those of the last day, and of windows that began after `since`.

    `since`: when the last clean comparison began; an earlier mismatch is settled by it. `now` is AWS's time. None: no
    client has sent any within a day.
    """
    counts: Counter[str] = Counter()
    newest: datetime | None = None
    for item in items:
        if not str(item.get("sk")).startswith(f"shadow#{slot}#"):
            continue
        window = _window(item)
        if isinstance(window, Unreadable):
            return window
        if not window[0] > now - KEPT:
            continue
        newest = max(newest or window[0], window[0])
        if since is None or window[0] >= since:
            counts.update(window[1])
    if newest is None:
        return None
    tables = {name.partition("#")[2] for name in counts if "#" in name}
    return ShadowReads(
        tables={
            table: ShadowTable(
                reads=counts[f"reads#{table}"], mismatches=counts[f"differ#{table}"], failed=counts[f"failed#{table}"]
            )
            for table in sorted(tables)
        },
        p50_ratio=_ratio(counts, 0.5),
        p99_ratio=_ratio(counts, 0.99),
        still_sent=newest > now - SILENCE,
    )


def _window(item: Mapping[str, Any]) -> tuple[datetime, Mapping[str, int]] | Unreadable:
    window, counts = item.get("window"), item.get("counts")
    if type(window) is not int or not 0 <= window < 2**32 or not isinstance(counts, dict):
        return Unreadable(reason=f"the shadow reads in {item.get('sk')} cannot be read")
    for name, number in counts.items():
        known = _COUNT.fullmatch(name)
        if known is None or int(known[4] or 0) >= BUCKETS or type(number) is not int or number < 0:
            return Unreadable(reason=f"the shadow reads in {item.get('sk')} have {name!r}, unknown to this version")
    return datetime.fromtimestamp(window * WINDOW.total_seconds(), UTC), counts


def _ratio(counts: Mapping[str, int], quantile: float) -> float | None:
    old, new = (_quantile([counts.get(f"{side}{i}", 0) for i in range(BUCKETS)], quantile) for side in "on")
    return None if old is None or new is None else new / old


def _quantile(buckets: list[int], quantile: float) -> float | None:
    """Seconds, interpolated within a bucket; None of nothing."""
    rank = sum(buckets) * quantile
    for index, (size, until) in enumerate(zip(buckets, accumulate(buckets), strict=True)):
        if size and until >= rank:
            return FASTEST * STEP ** (index - 1 + (rank - until + size) / size)
    return None
