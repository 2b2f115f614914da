"""The facts about the feature environments in an account, before any decision."""

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
    """A resource in AWS that belongs to an environment by its name or tags.

    `name` is the physical one; `other` is any kind that the program does not create for feature environments. `tags`
    None: no tee:* tags, or not `tags_known`, because the listing that found it has no tags (IAM's).
    """

    kind: Literal["table", "role", "parameter", "other"]
    name: str
    arn: str
    tags: StackTags | Unreadable | None = None
    tags_known: bool = True


@dataclass(frozen=True, kw_only=True)
class InventoryEntry:
    """One name from any listing, with everything under it. The name need not be an environment's.

    `checkpoint` is None where the state was not read, or there is none (`has_stack`). `locked_by`: its lock's
    holder.
    """

    name: str
    record: FeatureRecord | Unreadable | None = None
    has_stack: bool = False
    checkpoint: Checkpoint | Unreadable | None = None
    resources: tuple[Resource, ...] = ()
    locked_by: str | Unreadable | None = None
    stack_locks: tuple[StackLock, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything found in one account for one repository. `branches` None: only leases decide."""

    account_id: str
    repository: str
    entries: tuple[InventoryEntry, ...]
    branches: Branches | None = None
