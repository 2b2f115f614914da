"""What the engine is about to do, or did, to a stack: its steps, as facts that people and policies read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["create", "update", "replace", "delete"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that changes.

    `differences` maps property paths to what happens to them (`add`, `delete`, `update`, each perhaps with
    `-replace`): never to values, which may be personal or secret.
    """

    operation: Operation
    type: str
    name: str
    urn: str
    protected: bool = False
    differences: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def destroys(self) -> bool:
        """Whether what the resource holds is lost."""
        return self.operation in ("replace", "delete")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every change of one run of the engine, and the stack's outputs where the run knows them."""

    changes: tuple[Change, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def destructive(self) -> tuple[Change, ...]:
        """The changes that destroy or replace a resource."""
        return tuple(change for change in self.changes if change.destroys)

    @property
    def protected(self) -> tuple[Change, ...]:
        """The changes that a protection forbids."""
        return tuple(change for change in self.destructive if change.protected)

    def counts(self) -> dict[str, int]:
        """Operation -> number of resources, without those that nothing happens to."""
        return dict(Counter(change.operation for change in self.changes))

    def summary(self) -> str:
        """Before it is carried out: `3 to create, 1 to replace`, or `no changes`."""
        return ", ".join(f"{count} to {operation}" for operation, count in self.counts().items()) or "no changes"

    def report(self) -> str:
        """Once it is carried out: `3 created, 1 replaced`, or `no changes`."""
        return ", ".join(f"{count} {operation}d" for operation, count in self.counts().items()) or "no changes"
