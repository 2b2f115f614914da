"""What a rule of cleanup is asked about and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Literal

from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_environment
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.facts import Checkpoint
from tee_infra.core.tags import StackTags

Action = Literal["destroy", "keep", "review"]

ReasonCode = Literal[
    "standing",
    "unknown-name",
    "unreadable-record",
    "unreadable-tags",
    "unreadable-state",
    "other-repository",
    "held",
    "locked",
    "stack-locked",
    "quarantined",
    "unmanaged",
    "mismatch",
    "leased",
    "state-lost-live",
    "active",
    "branch-moved",
    "pull-request",
    "pull-request-unknown",
    "backoff",
    "grace",
    "protected",
    "cap",
    "expired",
    "expired-half-created",
    "half-destroyed",
    "state-lost",
    "leftover",
]
"""Why, for scripts: codes are added and never change their meaning. `docs/cleanup.md` has a row for each."""

ACTIONS: Final[Mapping[ReasonCode, Action]] = {
    "standing": "keep",
    "unknown-name": "review",
    "unreadable-record": "review",
    "unreadable-tags": "review",
    "unreadable-state": "review",
    "other-repository": "keep",
    "held": "keep",
    "locked": "keep",
    "stack-locked": "keep",
    "quarantined": "review",
    "unmanaged": "review",
    "mismatch": "review",
    "leased": "keep",
    "state-lost-live": "review",
    "active": "keep",
    "branch-moved": "keep",
    "pull-request": "keep",
    "pull-request-unknown": "review",
    "backoff": "keep",
    "grace": "keep",
    "protected": "review",
    "cap": "keep",
    "expired": "destroy",
    "expired-half-created": "destroy",
    "half-destroyed": "destroy",
    "state-lost": "destroy",
    "leftover": "destroy",
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How much one run may destroy.

    `max_given`: a person named `max_destroys` for this run, so they have seen how many there are. With a `grace`, an
    environment is only marked at first, and destroyed once it has been marked for that long.
    """

    max_destroys: int
    max_given: bool
    grace: timedelta


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What a rule says of one name. `reason` is a sentence that goes after the name and a colon."""

    code: ReasonCode
    reason: str

    @property
    def action(self) -> Action:
        """What follows from the code."""
        return ACTIONS[self.code]


@dataclass(frozen=True, kw_only=True)
class CleanupCase:
    """One name of an inventory, and the time and policy to decide by."""

    found: InventoryEntry
    inventory: Inventory
    now: datetime
    policy: Policy

    @cached_property
    def environment(self) -> Environment | None:
        """None where the name is none of the grammar's."""
        try:
            return parse_environment(self.found.name)
        except UnknownEnvironmentError:
            return None

    @property
    def branches(self) -> Branches | None:
        """The live branches, None where leases alone decide."""
        return self.inventory.branches

    @property
    def record(self) -> FeatureRecord | None:
        """The record where it can be read."""
        return self.found.record if isinstance(self.found.record, FeatureRecord) else None

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The state where it was read and could be."""
        return self.found.checkpoint if isinstance(self.found.checkpoint, Checkpoint) else None

    @cached_property
    def resources(self) -> list[Resource]:
        """In an order that does not hang on the listings', so that the same reason is given every time."""
        return sorted(self.found.resources, key=lambda resource: resource.arn)

    @property
    def hints(self) -> list[datetime | None]:
        """Every lease end that tags and state tell."""
        said = [resource.tags.expires_at for resource in self.resources if isinstance(resource.tags, StackTags)]
        return [*said, self.checkpoint.expires_at] if self.checkpoint else said

    @property
    def is_listed(self) -> bool:
        """Whether there is anything to say of it: of a tombstone with nothing below it there is not."""
        found = self.found
        if found.has_stack or found.resources:
            return True
        if found.record is not None:
            return self.record is None or self.record.live
        return found.locked_by is not None or any(not lock.breakable for lock in found.stack_locks)
