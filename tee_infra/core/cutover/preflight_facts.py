"""The facts that a preflight decides on. None, or a table without an entry: unknown, which is never good enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tee_infra.core.cutover.pointer import Pointer
from tee_infra.core.cutover.shadow_reads import ShadowReads
from tee_infra.core.unreadable import Unreadable


@dataclass(frozen=True, kw_only=True)
class WarmThroughput:
    """The units a second that a table or an index takes at once (DescribeTable, `WarmThroughput`)."""

    reads: int
    writes: int

    def covers(self, other: "WarmThroughput") -> bool:
        """Whether it is no less than `other` in both."""
        return self.reads >= other.reads and self.writes >= other.writes

    def or_more(self, other: "WarmThroughput") -> "WarmThroughput":
        """The least that covers both."""
        return WarmThroughput(reads=max(self.reads, other.reads), writes=max(self.writes, other.writes))


@dataclass(frozen=True, kw_only=True)
class PreflightFacts:
    """What was measured just before a switch. Mappings are by table, or by `table/index`."""

    environment: str
    source: str
    target: str
    now: datetime
    """AWS's time."""
    tables: tuple[str, ...]
    """The logical names of every table that is switched."""
    pointer: Pointer | Unreadable
    unfinished: str | None = None
    """A switch whose journal has not ended, e.g. `the switch from prod to prod-v2 has not ended`."""

    lag_seconds: Mapping[str, float] = field(default_factory=dict)
    verified_at: Mapping[str, datetime] = field(default_factory=dict)
    """When the last complete comparison without a difference began."""
    different: Mapping[str, int] = field(default_factory=dict)
    """Items that a later comparison has found to differ, where it found any."""
    leads_back: bool = False
    """Whether the target is the slot that was open before the last switch, so that its tail follows already."""
    quarantined: Mapping[str, int] = field(default_factory=dict)
    """Items that the transform or DynamoDB refused."""
    reverse_running: bool = False
    """Whether the reverse consumer runs, and has shown that its role may read and write what it must."""
    has_inverse: bool = False
    """Whether every transform has an inverse; true without a transform."""
    loss_accepted: bool = False
    reached: frozenset[str] | None = None
    """The slots that the roles of the app reach by the environment's settings; None where no rights are enforced."""
    point_in_time_recovery: Mapping[str, bool] = field(default_factory=dict)
    """Of the target."""
    warm_source: Mapping[str, WarmThroughput] = field(default_factory=dict)
    warm_target: Mapping[str, WarmThroughput] = field(default_factory=dict)
    stream_readers: Mapping[str, int] = field(default_factory=dict)
    """Consumers of the source's stream, the replication included."""
    table_differences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fields of DescribeTable that differ, and fields that this version does not know."""
    shadow: ShadowReads | Unreadable | None = None
    """Of the target, since the last complete comparison; None: no client has sent any within a day."""
