"""What is read from a Pulumi backend: the facts of a stack's checkpoint and of its lock files."""

from dataclasses import dataclass
from datetime import datetime


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
