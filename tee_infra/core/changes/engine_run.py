"""What the engine is about to do, or did, to a stack: its steps, as facts that people and policies read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tee_infra.core.cost.resource import Cost

Operation = Literal["create", "update", "replace", "delete"]
Outcome = Literal["planned", "begun", "done", "failed"]
"""A preview only plans; what an `up` has begun and never ended is not known."""

NOTHING = Cost()


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that changes.

    `differences` maps property paths to what happens to them (`add`, `delete`, `update`, each perhaps with
    `-replace`): never to values, which may be personal or secret. `cost_before` and `cost_after` are estimates; None is
    an unknown price. A failed change has the engine's `problem` with it.
    """

    operation: Operation
    type: str
    name: str
    urn: str
    protected: bool = False
    differences: Mapping[str, str] = field(default_factory=dict[str, str])
    cost_before: Cost | None = NOTHING
    cost_after: Cost | None = NOTHING
    outcome: Outcome = "planned"
    problem: str = ""

    @property
    def destroys(self) -> bool:
        """Whether what the resource holds is lost."""
        return self.operation in ("replace", "delete")


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A resource whose program changed in a way that no provider acts on: the `paths` of what stays as it is."""

    name: str
    urn: str
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A policy that the program violates; a `mandatory` one stops the run. `resource` is empty for the whole stack."""

    pack: str
    policy: str
    message: str
    mandatory: bool
    resource: str = ""


@dataclass(frozen=True, kw_only=True)
class EngineRun:
    """One run of the engine, whole or up to where it failed.

    `outputs` are the stack's, where the run knows them; `packs` are the policy packs that looked at it, name ->
    version; `problems` are the engine's error messages.
    """

    changes: tuple[Change, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ignored: tuple[Ignored, ...] = ()
    violations: tuple[Violation, ...] = ()
    packs: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[str, ...] = ()

    @property
    def destructive(self) -> tuple[Change, ...]:
        """The changes that destroy or replace a resource."""
        return tuple(change for change in self.changes if change.destroys)

    @property
    def protected(self) -> tuple[Change, ...]:
        """The changes that a protection forbids."""
        return tuple(change for change in self.destructive if change.protected)

    @property
    def monthly_usd(self) -> float:
        """How much more the environment costs at rest, a month: an estimate, of the changes with a known price."""
        known = [(change.cost_before, change.cost_after) for change in self.changes]
        return sum(after.usd - before.usd for before, after in known if before is not None and after is not None)

    def counts(self) -> dict[str, int]:
        """Operation -> number of resources, without those that nothing happens to."""
        return dict(Counter(change.operation for change in self.changes))

    def summary(self) -> str:
        """Before it is carried out: `3 to create, 1 to replace`, or `no changes`."""
        return ", ".join(f"{count} to {operation}" for operation, count in self.counts().items()) or "no changes"

    def report(self) -> str:
        """Once it is carried out: `3 created, 1 replaced`, or `no changes`."""
        return ", ".join(f"{count} {operation}d" for operation, count in self.counts().items()) or "no changes"
