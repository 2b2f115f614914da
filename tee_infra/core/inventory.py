"""What is known of the feature environments in an account, before anything is decided about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tee_infra.core.registry import Record
from tee_infra.core.tags import StackTags, Unreadable


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
class Checkpoint:
    """A stack's state: how many resources it has, which of them are protected, which creates were left open.

    `expires_at` is the lease end that the last `up` wrote into the provider's tags.
    """

    resources: int
    protected: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class StackLock:
    """A lock file of the engine's. `since` is None where the file does not say.

    `breakable`: its writer was a pipeline's or this machine's, has ended, and it is older than the limit.
    """

    holder: str
    since: datetime | None
    breakable: bool


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The branches that live, and what is known of them; `source` says who told.

    `heads`: branch -> commit, None where it was not told. `in_review`: branches with an open pull request.
    `maybe_in_review`: those that may have one, as nobody could be asked.
    """

    source: str
    heads: Mapping[str, str | None]
    in_review: frozenset[str] = frozenset()
    maybe_in_review: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Found:
    """One name that was found anywhere, with all that was found under it. The name need not be an environment's.

    `checkpoint` is None where the state was not read, or there is none (`has_stack`). `locked_by`: who holds its lock.
    """

    name: str
    record: Record | Unreadable | None = None
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
    found: tuple[Found, ...]
    branches: Branches | None = None
