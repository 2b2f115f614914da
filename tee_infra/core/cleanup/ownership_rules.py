"""The rules of cleanup, each the lesson of a data loss.

`decide` asks them in order and the first that applies decides. Protections come first; an unknown is kept.
"""

from collections.abc import Callable
from typing import Final

from tee_infra.core import names
from tee_infra.core.cleanup.decision import CleanupCase, ReasonCode, RuleResult
from tee_infra.core.cleanup.inventory import Resource
from tee_infra.core.cleanup.lease_rules import LEASE_RULES, destroy_verdict
from tee_infra.core.cleanup.leftovers import label
from tee_infra.core.cleanup.wording import contents, render_when, repair_hint
from tee_infra.core.lifecycle.record import MAX_FAILURES
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable


def decide(case: CleanupCase) -> RuleResult:
    """The verdict on one name."""
    for rule in _OWNER_RULES:
        verdict = rule(case)
        if verdict is not None:
            return verdict
    if case.record is None:
        return RuleResult(
            code=ReasonCode.UNMANAGED, reason=f"no record in the registry names its owner; {contents(case)}"
        )
    for rule in LEASE_RULES:
        verdict = rule(case, case.record)
        if verdict is not None:
            return verdict
    return destroy_verdict(case, case.record)


def _standing(case: CleanupCase) -> RuleResult | None:
    if case.environment is None or case.environment.is_feature:
        return None
    return RuleResult(
        code=ReasonCode.STANDING, reason="permanent environment; cleanup handles feature environments only"
    )


def _unknown_name(case: CleanupCase) -> RuleResult | None:
    if case.environment is not None:
        return None
    return RuleResult(
        code=ReasonCode.UNKNOWN_NAME, reason=f"{case.found.name!r} is not an environment; {contents(case)}"
    )


def _unreadable(case: CleanupCase) -> RuleResult | None:
    found = case.found
    if isinstance(found.record, Unreadable):
        return RuleResult(code=ReasonCode.UNREADABLE_RECORD, reason=f"{found.record.reason}; {repair_hint(case)}")
    if isinstance(found.locked_by, Unreadable):
        return RuleResult(code=ReasonCode.UNREADABLE_LOCK, reason=f"{found.locked_by.reason}; {repair_hint(case)}")
    for resource in case.resources:
        if isinstance(resource.tags, Unreadable):
            return RuleResult(code=ReasonCode.UNREADABLE_TAGS, reason=f"{label(resource)}: {resource.tags.reason}")
    if isinstance(found.checkpoint, Unreadable):
        return RuleResult(code=ReasonCode.UNREADABLE_STATE, reason=f"{found.checkpoint.reason}; {repair_hint(case)}")
    return None


def _other_repository(case: CleanupCase) -> RuleResult | None:
    record, ours = case.record, case.inventory.repository
    if record is None or record.repository == ours:
        return None
    return RuleResult(
        code=ReasonCode.OTHER_REPOSITORY, reason=f"it belongs to {record.repository}; this run is for {ours}"
    )


def _held(case: CleanupCase) -> RuleResult | None:
    record = case.record
    if record is None or record.hold is None or not record.is_held(case.now):
        return None
    hold = record.hold
    return RuleResult(
        code=ReasonCode.HELD, reason=f"held by {hold.by} until {render_when(hold.until, case.now)}: {hold.reason}"
    )


def _locked(case: CleanupCase) -> RuleResult | None:
    if case.found.locked_by is None:
        return None
    return RuleResult(code=ReasonCode.LOCKED, reason=f"locked by {case.found.locked_by}")


def _stack_locked(case: CleanupCase) -> RuleResult | None:
    for lock in sorted(case.found.stack_locks, key=lambda lock: lock.holder):
        if not lock.breakable:
            since = f" since {render_when(lock.since, case.now)}" if lock.since else ""
            return RuleResult(
                code=ReasonCode.STACK_LOCKED, reason=f"its stack is locked in Pulumi by {lock.holder}{since}"
            )
    return None


def _quarantined(case: CleanupCase) -> RuleResult | None:
    if case.record is None or case.record.state != "quarantined":
        return None
    problem = f": {case.record.problem}" if case.record.problem else ""
    return RuleResult(
        code=ReasonCode.QUARANTINED,
        reason=f"{MAX_FAILURES} destroys in a row failed{problem}; {repair_hint(case)}",
    )


def _untagged(case: CleanupCase) -> RuleResult | None:
    if case.record is None:
        return None
    for resource in case.resources:
        if resource.tags is None and resource.tags_known:
            return RuleResult(
                code=ReasonCode.UNMANAGED, reason=f"{label(resource)} has no tee:* tags; its owner is unknown"
            )
    return None


def _mismatch(case: CleanupCase) -> RuleResult | None:
    if case.record is None:
        return None
    for resource in case.resources:
        reason = _disagreement(case, resource)
        if reason is not None:
            return RuleResult(code=ReasonCode.MISMATCH, reason=f"{label(resource)} {reason}")
    return None


_OWNER_RULES: Final[tuple[Callable[[CleanupCase], RuleResult | None], ...]] = (
    _standing,
    _unknown_name,
    _unreadable,
    _other_repository,
    _held,
    _locked,
    _stack_locked,
    _quarantined,
    _untagged,
    _mismatch,
)


def _disagreement(case: CleanupCase, resource: Resource) -> str | None:
    name, account = case.found.name, case.inventory.account_id
    theirs = resource.arn.split(":")[4]
    if theirs != account:
        return f"is in account {theirs or 'unknown'}; this run is for account {account}"
    if not _is_named_after(resource, name):
        return f"does not have the name of a resource of {name}"
    if isinstance(resource.tags, StackTags) and resource.tags.environment.name != name:
        return f"has the tags of {resource.tags.environment.name}"
    return None


def _is_named_after(resource: Resource, environment: str) -> bool:
    match resource.kind:
        case "table":
            return resource.name in {names.table(environment, table.name) for table in TABLES}
        case "role":
            return resource.name.startswith(names.role(environment, ""))
        case "parameter":
            return resource.name.startswith(names.parameter(environment, ""))
        case "other":
            return False
