"""The registry's record of one feature environment: the authority on its owner and its lease.

A record changes only as `core.lifecycle.transitions` and `core.lifecycle.destroy_transitions` say.
`aws.control_table` writes it on condition that it was not changed in between.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from tee_infra.core.lifecycle.lease import GONE_BRANCH_TTL, lease_end

State = Literal["creating", "active", "marked", "destroying", "destroyed", "quarantined"]
Seed = Literal["synthetic", "anonymized", "none"]
Time = Annotated[AwareDatetime, Field(strict=False)]
OLD_SEEDS: Final = {"anonymised": "anonymized"}
"""Spellings in records and scripts of earlier versions."""

MAX_FAILURES = 5
"""After this many failed destroys in a row, a person has to look."""


class Hold(BaseModel):
    """A reasoned exception from cleanup, with an end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    until: Time
    by: str


class FeatureRecord(BaseModel):
    """One environment, bound to one branch of one repository. A `destroyed` one is a tombstone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    repository: str
    """`owner/name`."""
    branch: str
    """The raw git branch."""
    owner: str
    state: State = "creating"
    created_at: Time
    last_activity: Time
    ttl_seconds: Annotated[int, Field(gt=0)]
    not_after: Time | None = None
    """The end of a lease that was cut short on purpose; the next activity lifts it."""
    branch_gone_at: Time | None = None
    """When cleanup first found the branch deleted; None while it exists."""
    deployed_until: Time | None = None
    """The latest lease end that an `up` has written into tags: tags with a later one were written since."""
    head: str | None = None
    """The branch's commit at the last activity, where it was known."""
    hold: Hold | None = None
    seed: Annotated[Seed, BeforeValidator(lambda value: OLD_SEEDS.get(value, value))] = "synthetic"
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
        """The end of the lease by the registry."""
        end = lease_end(self.created_at, self.last_activity, timedelta(seconds=self.ttl_seconds))
        if self.not_after is not None:
            end = min(end, self.not_after)
        if self.branch_gone_at is not None:
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

    def active(self, now: datetime, *, head: str | None = None) -> "FeatureRecord":
        """After a push or an `up`: the lease starts again, and an earlier cut is lifted."""
        return self.with_changes(
            last_activity=max(now, self.last_activity),
            head=head or self.head,
            not_after=None,
            branch_gone_at=None,
            marked_at=None,
            state="active" if self.state == "marked" else self.state,
        )
