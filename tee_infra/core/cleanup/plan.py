"""The cleanup plan: for each feature environment of an account, destroy it, keep it, or show it to a person.

Pure: all facts are in the inventory, so a plan can be printed, tested and repeated. `cleanup_rules` decides about one
name, first by its owner and then, in `cleanup_lease_rules`, by whether its lease has expired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from tee_infra.core.cleanup.decision import Action, CleanupCase, Policy, ReasonCode
from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry
from tee_infra.core.cleanup.lease_rules import ends_at, recorded_end
from tee_infra.core.cleanup.ownership_rules import decide
from tee_infra.core.lifecycle.branches import Branches, unbelievable
from tee_infra.core.lifecycle.lease import warning
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.errors import RefusedError

BREAKER_COUNT: Final = 10
"""Up to this many destroys are usual; beyond it, a run that would destroy more than half of the fleet is refused."""


class NoBranchesError(RefusedError):
    """An empty list of live branches: the listing has failed, because a repository has at least one branch."""

    def __init__(self, branches: Branches) -> None:
        self.source = branches.source
        super().__init__(
            f"{branches.source} lists no branches; nothing was decided or destroyed",
            next="Check that source, or decide by leases only: tee-infra cleanup --by-lease-only",
        )


class UnbelievableBranchesError(RefusedError):
    """A list of live branches that cannot be this repository's; `reason` is what it contains."""

    def __init__(self, branches: Branches, reason: str) -> None:
        self.source = branches.source
        self.reason = reason
        super().__init__(
            f"{branches.source} {reason}; nothing was decided or destroyed",
            next="Check that source, or decide by leases only: tee-infra cleanup --by-lease-only",
        )


class BreakerError(RefusedError):
    """A run that would destroy most environments, as it would with a wrong clock or a broken listing."""

    def __init__(self, destroys: int, live: int) -> None:
        self.destroys = destroys
        self.live = live
        super().__init__(
            f"this run would destroy {destroys} of {live} live environments, more than {BREAKER_COUNT} and more than "
            "half of them; nothing was destroyed",
            next=f"If that is right, confirm the number: tee-infra cleanup --max {destroys}",
        )


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The action for one environment. `expires_at`: the lease end of its record, as every command prints it, or None.

    `lease_end`: the end that decided, which tags and state may put off.
    `reason` is a sentence that follows the name and a colon.
    """

    environment: str
    action: Action
    reason_code: ReasonCode
    reason: str
    owner: str | None = None
    branch: str | None = None
    expires_at: datetime | None = None
    lease_end: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CleanupPlan:
    """A decision for every name, by name."""

    decisions: tuple[Decision, ...]

    @property
    def destroys(self) -> tuple[Decision, ...]:
        """The decisions to destroy, the longest expired first."""
        return tuple(sorted((d for d in self.decisions if d.action == "destroy"), key=_turn))


@dataclass(frozen=True, kw_only=True)
class LeaseWarning:
    """A lease that ends within `bound`, the tightest of `core.lifecycle.lease.WARNINGS`."""

    environment: str
    owner: str
    branch: str
    expires_at: datetime
    bound: timedelta


def plan_cleanup(inventory: Inventory, now: datetime, policy: Policy) -> CleanupPlan:
    """Decide about everything in `inventory`.

    An unread checkpoint or a role's unread tags do not prevent a destroy: `unread_environments` lists the
    environments to read before anything is destroyed. Raises `NoBranchesError`,
    `UnbelievableBranchesError`, `BreakerError`.
    """
    _require_believable(inventory)
    cases = (CleanupCase(found=found, inventory=inventory, now=now, policy=policy) for found in inventory.entries)
    decisions = sorted((_decision(case) for case in cases if case.is_listed), key=lambda made: made.environment)
    _break_off(decisions, inventory, policy)
    return _capped(CleanupPlan(decisions=tuple(decisions)), policy)


def unread_environments(inventory: Inventory, now: datetime, policy: Policy) -> list[str]:
    """Environments to destroy whose checkpoint or role tags are not read yet: read them and plan again.

    Repeat until there is none: one that turns out to be protected makes room for the next. Raises as `plan_cleanup`.
    """
    going = {decision.environment for decision in plan_cleanup(inventory, now, policy).destroys}
    return sorted(found.name for found in inventory.entries if found.name in going and not _is_looked_at(found))


def warnings(inventory: Inventory, now: datetime, policy: Policy) -> list[LeaseWarning]:
    """Leases of this repository that end soon, the soonest first, without held ones, which are not destroyed."""
    soon: list[LeaseWarning] = []
    for found in inventory.entries:
        case = CleanupCase(found=found, inventory=inventory, now=now, policy=policy)
        record = case.record
        if record is None or record.repository != inventory.repository or record.is_held(now):
            continue
        end = recorded_end(case, record)
        bound = warning(max(end, ends_at(case, record)), now)
        if bound is not None and record.state in ("creating", "active", "marked"):
            facts = {"environment": found.name, "owner": record.owner, "branch": record.branch}
            soon.append(LeaseWarning(**facts, expires_at=end, bound=bound))
    return sorted(soon, key=lambda lease: (lease.expires_at, lease.environment))


def _require_believable(inventory: Inventory) -> None:
    branches = inventory.branches
    if branches is None:
        return
    if not branches.heads:
        raise NoBranchesError(branches)
    records = (found.record for found in inventory.entries if isinstance(found.record, FeatureRecord))
    ours = {record.branch for record in records if record.repository == inventory.repository}
    if reason := unbelievable(branches, ours):
        raise UnbelievableBranchesError(branches, reason)


def _decision(case: CleanupCase) -> Decision:
    verdict, record = decide(case), case.record
    return Decision(
        environment=case.found.name,
        action=verdict.action,
        reason_code=verdict.code,
        reason=verdict.reason,
        owner=record.owner if record else None,
        branch=record.branch if record else None,
        expires_at=recorded_end(case, record) if record else None,
        lease_end=ends_at(case, record) if record else None,
    )


def _break_off(decisions: Sequence[Decision], inventory: Inventory, policy: Policy) -> None:
    destroys = sum(decision.action == "destroy" for decision in decisions)
    live = sum(
        isinstance(found.record, FeatureRecord)
        and found.record.live
        and found.record.repository == inventory.repository
        for found in inventory.entries
    )
    if destroys > BREAKER_COUNT and destroys * 2 > live and not policy.limit_confirmed:
        raise BreakerError(destroys, live)


def _capped(plan: CleanupPlan, policy: Policy) -> CleanupPlan:
    """The plan, keeping the environments beyond the run's limit."""
    turns = {decision.environment: turn for turn, decision in enumerate(plan.destroys, 1)}
    return CleanupPlan(
        decisions=tuple(
            _wait(decision, turn, policy)
            if (turn := turns.get(decision.environment, 0)) > policy.max_destroys
            else decision
            for decision in plan.decisions
        )
    )


def _wait(decision: Decision, turn: int, policy: Policy) -> Decision:
    reason = f"beyond the limit of {policy.max_destroys} destroys per run (it is number {turn}); {decision.reason}"
    return replace(decision, action=ReasonCode.CAP.action, reason_code=ReasonCode.CAP, reason=reason)


def _turn(decision: Decision) -> tuple[datetime, str]:
    return decision.lease_end or datetime.max.replace(tzinfo=UTC), decision.environment


def _is_looked_at(found: InventoryEntry) -> bool:
    has_state = not found.has_stack or found.checkpoint is not None
    return has_state and all(resource.tags_known for resource in found.resources)
