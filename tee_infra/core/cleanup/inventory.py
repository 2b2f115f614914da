"""What is known of the feature environments in an account, before anything is decided about them."""

from dataclasses import dataclass
from typing import Literal

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import StackLock
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource in AWS whose name or tags say that it belongs to an environment.

    `name` is the physical one; `other` is whatever the program does not make for feature environments. `tags` None:
    none of ours, or not `tags_told`, because the listing that found it tells no tags (IAM's).
    """

    kind: Literal["table", "role", "parameter", "other"]
    name: str
    arn: str
    tags: StackTags | Unreadable | None = None
    tags_told: bool = True


@dataclass(frozen=True, kw_only=True)
class InventoryEntry:
    """One name that was found anywhere, with all that was found under it. The name need not be an environment's.

    `checkpoint` is None where the state was not read, or there is none (`has_stack`). `locked_by`: who holds its lock.
    """

    name: str
    record: FeatureRecord | Unreadable | None = None
    has_stack: bool = False
    checkpoint: Checkpoint | Unreadable | None = None
    resources: tuple[Resource, ...] = ()
    locked_by: str | None = None
    stack_locks: tuple[StackLock, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything found in one account for one repository. `branches` None: leases alone decide."""

    account_id: str
    repository: str
    found: tuple[InventoryEntry, ...]
    branches: Branches | None = None
