"""The question and the answer of a cleanup rule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_owner
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.tags import StackTags

Action = Literal["destroy", "keep", "review"]


class ReasonCode(StrEnum):
    """A reason for scripts, and its action: codes are added and never change their meaning.

    They are in the order in which the rules decide, like the rows of `docs/cleanup.md`.
    """

    action: Action

    def __new__(cls, code: str, action: Action) -> Self:
        """A member whose value is `code`."""
        made = str.__new__(cls, code)
        made._value_ = code
        made.action = action
        return made

    STANDING = "standing", "keep"
    UNKNOWN_NAME = "unknown-name", "review"
    UNREADABLE_RECORD = "unreadable-record", "review"
    UNREADABLE_LOCK = "unreadable-lock", "review"
    UNREADABLE_TAGS = "unreadable-tags", "review"
    UNREADABLE_STATE = "unreadable-state", "review"
    OTHER_REPOSITORY = "other-repository", "keep"
    HELD = "held", "keep"
    LOCKED = "locked", "keep"
    STACK_LOCKED = "stack-locked", "keep"
    QUARANTINED = "quarantined", "review"
    UNMANAGED = "unmanaged", "review"
    MISMATCH = "mismatch", "review"
    LEASED = "leased", "keep"
    STATE_LOST_LIVE = "state-lost-live", "review"
    ACTIVE = "active", "keep"
    BRANCH_MOVED = "branch-moved", "keep"
    PULL_REQUEST = "pull-request", "keep"
    PULL_REQUEST_UNKNOWN = "pull-request-unknown", "review"
    BACKOFF = "backoff", "keep"
    GRACE = "grace", "keep"
    PROTECTED = "protected", "review"
    CAP = "cap", "keep"
    EXPIRED = "expired", "destroy"
    EXPIRED_HALF_CREATED = "expired-half-created", "destroy"
    HALF_DESTROYED = "half-destroyed", "destroy"
    STATE_LOST = "state-lost", "destroy"
    LEFTOVER = "leftover", "destroy"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The limits of one run.

    `limit_confirmed`: a person set `max_destroys` for this run, so they have seen the number. With a `grace`, an
    environment is only marked at first, and destroyed once it has been marked for that long. `writes`: the run records
    what it sees of branches, so that leases end as they will then be recorded.
    """

    max_destroys: int
    limit_confirmed: bool
    grace: timedelta
    writes: bool = False


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """A rule's result for one name. `reason` is a sentence that follows the name and a colon."""

    code: ReasonCode
    reason: str

    @property
    def action(self) -> Action:
        """The action for the code."""
        return self.code.action


@dataclass(frozen=True, kw_only=True)
class CleanupCase:
    """One name of an inventory, and the time and policy to decide by."""

    found: InventoryEntry
    inventory: Inventory
    now: datetime
    policy: Policy

    @cached_property
    def environment(self) -> Environment | None:
        """None where the name is not in the grammar."""
        try:
            return parse_owner(self.found.name)
        except UnknownEnvironmentError:
            return None

    @property
    def branches(self) -> Branches | None:
        """The live branches, None where only leases decide."""
        return self.inventory.branches

    @property
    def record(self) -> FeatureRecord | None:
        """The record where it can be read."""
        return self.found.record if isinstance(self.found.record, FeatureRecord) else None

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The state, if it was read and is readable."""
        return self.found.checkpoint if isinstance(self.found.checkpoint, Checkpoint) else None

    @cached_property
    def resources(self) -> list[Resource]:
        """In an order independent of the listings', so that the same reason is given every time."""
        return sorted(self.found.resources, key=lambda resource: resource.arn)

    @property
    def lease_ends(self) -> list[datetime | None]:
        """Every lease end in tags and state."""
        in_tags = [resource.tags.expires_at for resource in self.resources if isinstance(resource.tags, StackTags)]
        return [*in_tags, self.checkpoint.expires_at] if self.checkpoint else in_tags

    @property
    def is_listed(self) -> bool:
        """Whether a plan lists it: a tombstone without resources is left out."""
        found = self.found
        if found.has_stack or found.resources:
            return True
        if found.record is not None:
            return self.record is None or self.record.live
        return found.locked_by is not None or any(not lock.breakable for lock in found.stack_locks)
