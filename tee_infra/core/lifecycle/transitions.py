"""The changes of a record while its environment lives: created, deployed, extended, held, released.

Its end is in `core.lifecycle.destroy_transitions`. The control table writes the results.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tee_infra.core.environments import FEATURE_HOST
from tee_infra.core.lifecycle.lease import DEFAULT_TTL, MAX_LIFE
from tee_infra.core.lifecycle.record import FeatureRecord, Hold, Seed
from tee_infra.core.times import render_duration, render_left, render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError


class BoundElsewhereError(RefusedError):
    """The environment of this name belongs to another branch."""

    def __init__(self, record: FeatureRecord, repository: str, branch: str) -> None:
        self.record = record
        super().__init__(
            f"{record.environment} belongs to branch {record.branch!r} of {record.repository} and is not shared with "
            f"branch {branch!r} of {repository}",
            next=f"Rename the branch, or destroy the other environment first: "
            f"tee-infra feature destroy {record.environment}",
        )


class GoneError(RefusedError):
    """The environment was destroyed, or its destruction has begun."""

    def __init__(self, record: FeatureRecord) -> None:
        self.record = record
        was = f"was destroyed at {render_time(record.destroyed_at)}" if record.destroyed_at else "is being destroyed"
        super().__init__(
            f"{record.environment} {was}",
            next=f"Create it again: tee-infra feature create --branch {shlex.quote(record.branch)}",
        )


class QuarantinedError(RefusedError):
    """Its destroy failed too often; a person has to look."""

    def __init__(self, record: FeatureRecord) -> None:
        self.record = record
        super().__init__(
            f"{record.environment} is in quarantine after {record.failures} failed destroys "
            f"({record.problem or 'no error message'}); nothing was changed",
            next=f"Repair it: tee-infra repair {record.environment}",
        )


class LifeOverError(RefusedError):
    """An extension that would change nothing: the lease already ends at the longest life."""

    def __init__(self, record: FeatureRecord) -> None:
        self.record = record
        super().__init__(
            f"{record.environment} was created at {render_time(record.created_at)}, and its lease cannot exceed "
            f"{render_duration(MAX_LIFE)} from then; nothing was changed",
            next=f"To keep it longer, hold it: tee-infra feature hold {record.environment} --reason TEXT --for 7d",
        )


class QuotaError(RefusedError):
    """The limit of live environments is reached; `first` is the one whose lease ends first."""

    def __init__(self, live: int, limit: int, first: FeatureRecord | None, now: datetime) -> None:
        self.live = live
        self.limit = limit
        ends_first, step = "", "List them: tee-infra feature list"
        if first is not None:
            left = render_left(first.expires_at, now)
            ends_first = f"; the first lease to end is {first.environment} of {first.owner}, {left}"
            step = f"Destroy one: tee-infra feature destroy {first.environment}"
        super().__init__(
            f"{live} feature environments exist, and max_feature_environments in Pulumi.{FEATURE_HOST}.yaml is {limit}"
            f"{ends_first}",
            next=step,
        )


@dataclass(frozen=True, kw_only=True)
class CreateRequest:
    """A request for an environment. None: the record's value, or the default for a new one.

    `owner` becomes the owner of a new one, and with `owner_given` of an existing one. `revive`: also a destroyed one.
    `is_pushed`: the branch is on the remote, as in a run that its push started.
    """

    environment: str
    repository: str
    branch: str
    owner: str
    owner_given: bool = False
    ttl: timedelta | None = None
    seed: Seed | None = None
    head: str | None = None
    is_pushed: bool = False
    revive: bool = True


def living(records: Mapping[str, FeatureRecord | Unreadable]) -> dict[str, FeatureRecord | Unreadable]:
    """The number of live environments: an unreadable record counts as live."""
    return {name: record for name, record in records.items() if isinstance(record, Unreadable) or record.live}


def check_quota(records: Mapping[str, FeatureRecord | Unreadable], environment: str, limit: int, now: datetime) -> None:
    """Check that `environment` may be added, unless it is live already.

    Not exact: two creates at the same moment may both be admitted as the last. Raises `QuotaError`.
    """
    live = living(records)
    if environment in live or len(live) < limit:
        return
    known = [record for record in live.values() if isinstance(record, FeatureRecord)]
    raise QuotaError(len(live), limit, min(known, key=lambda record: record.expires_at, default=None), now)


def requested(record: FeatureRecord | None, request: CreateRequest, now: datetime) -> FeatureRecord:
    """The record to start with: a new one, a new life of a destroyed one, or the existing one, active.

    Raises `BoundElsewhereError`, `QuarantinedError`, and `GoneError` unless `request.revive`.
    """
    if record is None:
        return _new_life(request, now, after=None)
    bound = (record.repository, record.branch) == (request.repository, request.branch)
    if not bound and (record.live or not request.revive):
        raise BoundElsewhereError(record, request.repository, request.branch)
    if record.state == "quarantined":
        raise QuarantinedError(record)
    if record.state in ("destroying", "destroyed"):
        if not request.revive:
            raise GoneError(record)
        return _new_life(request, now, after=record)
    return record.active(now, head=request.head, is_pushed=request.is_pushed).with_changes(
        owner=request.owner if request.owner_given else record.owner,
        ttl_seconds=_seconds(request.ttl) if request.ttl else record.ttl_seconds,
        seed=record.seed if record.seeded or request.seed is None else request.seed,
    )


def deployed(record: FeatureRecord, expires_at: datetime) -> FeatureRecord:
    """After an `up` that wrote this lease end into tags. Raises `GoneError`, `QuarantinedError`."""
    require_alive(record)
    latest = max(expires_at, record.deployed_until or expires_at)
    return record.with_changes(state="active", deployed_until=latest)


def extended(record: FeatureRecord, ttl: timedelta, now: datetime) -> FeatureRecord:
    """Extend the lease to `ttl` from now, never shorter than before. Raises `GoneError`, `QuarantinedError`, and
    `LifeOverError` if `MAX_LIFE` is reached already."""
    require_alive(record)
    remaining = min(max(record.expires_at - now, timedelta()), MAX_LIFE)
    after = record.active(now).with_changes(ttl_seconds=_seconds(max(ttl, remaining)))
    if after.expires_at <= max(record.expires_at, now) < now + ttl:
        raise LifeOverError(record)
    return after


def held(record: FeatureRecord, hold: Hold) -> FeatureRecord:
    """Kept until the hold ends, even if the lease expires before. Raises `GoneError`, `QuarantinedError`."""
    require_alive(record)
    return record.with_changes(hold=hold, marked_at=None, state="active" if record.state == "marked" else record.state)


def released(record: FeatureRecord) -> FeatureRecord:
    """Without a hold; the lease decides again. Raises `GoneError`."""
    if record.state in ("destroying", "destroyed"):
        raise GoneError(record)
    return record.with_changes(hold=None)


def require_alive(record: FeatureRecord) -> None:
    """Refuse a destroyed or quarantined environment. Raises `GoneError`, `QuarantinedError`."""
    if record.state == "quarantined":
        raise QuarantinedError(record)
    if record.state in ("destroying", "destroyed"):
        raise GoneError(record)


def _new_life(request: CreateRequest, now: datetime, *, after: FeatureRecord | None) -> FeatureRecord:
    """Start a new life; only the lease end in tags and the record's version are kept from the earlier one."""
    return FeatureRecord(
        environment=request.environment,
        repository=request.repository,
        branch=request.branch,
        owner=request.owner,
        created_at=now,
        last_activity=now,
        ttl_seconds=_seconds(request.ttl or DEFAULT_TTL),
        head=request.head,
        branch_seen_at=now if request.is_pushed else None,
        seed=request.seed or "synthetic",
        deployed_until=after.deployed_until if after else None,
        version=after.version if after else 0,
    )


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
