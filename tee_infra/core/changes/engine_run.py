"""The planned or completed steps of the engine on a stack, as facts for people and policies."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tee_infra.core.cost.resource import Cost

Operation = Literal["create", "update", "replace", "delete"]
Outcome = Literal["planned", "begun", "done", "failed"]
"""A preview only plans; the result of a step that an `up` started and did not finish is unknown."""

NOTHING = Cost()


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one resource.

    `differences` maps property paths to the operation on them (`add`, `delete`, `update`, each possibly with
    `-replace`): never to values, which may be personal or secret. `cost_before` and `cost_after` are estimates; None is
    an unknown price. A failed change has the engine's message in `problem`.
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
        """Whether the resource's contents are lost."""
        return self.operation in ("replace", "delete")


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A resource with changes in the program that the provider ignores: the `paths` that stay unchanged in AWS."""

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
    """One run of the engine, complete or until it failed.

    `outputs` are the stack's, where the run knows them; `packs` are the policy packs that ran, name -> version;
    `problems` are the engine's error messages.
    """

    changes: tuple[Change, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ignored: tuple[Ignored, ...] = ()
    violations: tuple[Violation, ...] = ()
    packs: Mapping[str, str] = field(default_factory=dict[str, str])
    problems: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    """The names of resources whose deletion would delete what another resource of the same state holds."""

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
        """The change of the environment's cost at rest per month: an estimate over the changes with a known price."""
        known = [(change.cost_before, change.cost_after) for change in self.changes]
        return sum(after.usd - before.usd for before, after in known if before is not None and after is not None)

    def counts(self) -> dict[str, int]:
        """Operation -> number of resources, without unchanged ones."""
        return dict(Counter(change.operation for change in self.changes))

    def summary(self) -> str:
        """Of a preview: `3 to create, 1 to replace`, or `no changes`."""
        return ", ".join(f"{count} to {operation}" for operation, count in self.counts().items()) or "no changes"

    def report(self) -> str:
        """Of a completed run: `3 created, 1 replaced`, or `no changes`."""
        return ", ".join(f"{count} {operation}d" for operation, count in self.counts().items()) or "no changes"
