"""The registry's record of one feature environment: the authority on its owner and its lease.

A record changes only as `core.lifecycle.transitions` and `core.lifecycle.destroy_transitions` say.
`aws.control_table` writes it on condition that it was not changed in between.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from tee_infra.core.lifecycle.lease import GONE_BRANCH_TTL, MAX_LIFE, lease_end
from tee_infra.core.times import parse_stored_time, require_usual

State = Literal["creating", "active", "marked", "destroying", "destroyed", "quarantined"]
Seed = Literal["synthetic", "anonymized", "none"]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(lambda value: value if isinstance(value, datetime) else parse_stored_time(value)),
    AfterValidator(require_usual),
]
OLD_SEEDS: Final = {"anonymised": "anonymized"}
"""Spellings in records and scripts of earlier versions."""

MAX_FAILURES = 5
"""After this many failed destroys in a row, a person has to look."""


class Hold(BaseModel):
    """A reasoned exception from cleanup, with an end."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    until: Time
    by: str


class FeatureRecord(BaseModel):
    """One environment, bound to one branch of one repository. A `destroyed` one is a tombstone."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    environment: str
    repository: str
    """`owner/name`."""
    branch: str
    """The raw git branch."""
    owner: str
    state: State = "creating"
    created_at: Time
    last_activity: Time
    ttl_seconds: Annotated[int, Field(gt=0, le=int(MAX_LIFE.total_seconds()))]
    not_after: Time | None = None
    """The end of a lease that was cut short on purpose; the next activity lifts it."""
    branch_seen_at: Time | None = None
    """When the branch was first seen on the remote since a person last used the environment.

    None: not seen since, also in records of earlier versions; then a missing branch may never have been pushed.
    """
    branch_gone_at: Time | None = None
    """When cleanup first found a branch deleted that was seen; None while it exists."""
    deployed_until: Time | None = None
    """The latest lease end that an `up` has written into tags: tags with a later one were written since."""
    head: str | None = None
    """The branch's commit at the last activity, where it was known."""
    hold: Hold | None = None
    seed: Annotated[
        Seed, BeforeValidator(lambda value: OLD_SEEDS.get(value, value) if isinstance(value, str) else value)
    ] = "synthetic"
    seeded: bool = False
    marked_at: Time | None = None
    destroyed_at: Time | None = None
    failures: Annotated[int, Field(ge=0)] = 0
    """Destroys in a row that failed."""
    retry_at: Time | None = None
    problem: str = ""
    """Why the last destroy failed."""
    version: Annotated[int, Field(ge=0)] = 0
    """The number of writes. A write names the version that it read; 0 was never written."""

    @property
    def expires_at(self) -> datetime:
        """The end of the lease by the registry: the end that every command prints."""
        end = lease_end(self.created_at, self.last_activity, timedelta(seconds=self.ttl_seconds))
        if self.not_after is not None:
            end = min(end, self.not_after)
        if self.branch_gone_at is not None and self.branch_seen_at is not None:
            end = min(end, self.branch_gone_at + GONE_BRANCH_TTL)
        return end

    @property
    def live(self) -> bool:
        """Whether any of its resources exist or may exist."""
        return self.state != "destroyed"

    def latest_lease_end(self, *lease_ends: datetime | None) -> datetime:
        """The latest lease end of the registry and of tags with a later end than the registry wrote."""
        news = [hint for hint in lease_ends if hint and (self.deployed_until is None or hint > self.deployed_until)]
        return max(self.expires_at, *news) if news else self.expires_at

    def is_held(self, now: datetime) -> bool:
        """Whether it has a hold that has not ended."""
        return self.hold is not None and now < self.hold.until

    def with_changes(self, **fields: object) -> "FeatureRecord":
        """A copy with other fields; only the control table changes the version."""
        return self.model_copy(update=fields)

    def active(self, now: datetime, *, head: str | None = None, is_pushed: bool = False) -> "FeatureRecord":
        """After a push or a command of a person: the lease starts again, and an earlier cut is lifted.

        `is_pushed`: the branch is on the remote now. Otherwise, only a branch that is seen after this can be deleted.
        """
        return self.with_changes(
            last_activity=max(now, self.last_activity),
            head=head or self.head,
            not_after=None,
            branch_seen_at=now if is_pushed else None,
            branch_gone_at=None,
            marked_at=None,
            state="active" if self.state == "marked" else self.state,
        )
