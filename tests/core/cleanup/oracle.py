"""What speaks against destroying something: worked out once more, from scratch and in no order.

Nothing here knows of the rules' code. An environment may be destroyed exactly when this finds nothing.
"""

import re
from datetime import datetime, timedelta

from tee_infra.core.cleanup.inventory import Inventory, InventoryEntry, Resource
from tee_infra.core.cleanup.plan import Policy, plan_cleanup
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.tags import StackTags
from tee_infra.core.unreadable import Unreadable

FEATURE = r"feature-(?!(prod|production|staging|dev|development|test|main|master|head|all)$)[a-z0-9]+(-[a-z0-9]+)*"


def disagreements(inventory: Inventory, now: datetime, policy: Policy) -> list[str]:
    """Where the plan and the objections differ, one line each."""
    decisions = {decision.environment: decision for decision in plan_cleanup(inventory, now, policy).decisions}
    wrong: list[str] = []
    for found in inventory.entries:
        against, decision = objections(found, inventory, now, policy), decisions.get(found.name)
        if decision is None:
            fine = not found.has_stack and not found.resources and not getattr(found.record, "live", False)
        elif decision.action == "destroy" or decision.reason_code == "cap":
            fine = not against
        else:
            fine = decision.reason_code in against
        if not fine:
            wrong.append(f"{found.name}: {decision} in spite of {sorted(against)}")
    return wrong


def objections(found: InventoryEntry, inventory: Inventory, now: datetime, policy: Policy) -> set[str]:
    """The reason codes of everything that speaks against it."""
    record = found.record
    against = {
        "standing": re.fullmatch(r"prod|staging|dev|test|prod-v[1-9]\d{0,3}", found.name) is not None,
        "unreadable-record": isinstance(record, Unreadable),
        "unreadable-state": isinstance(found.checkpoint, Unreadable),
        "unreadable-tags": any(isinstance(resource.tags, Unreadable) for resource in found.resources),
        "locked": isinstance(found.locked_by, str),
        "unreadable-lock": isinstance(found.locked_by, Unreadable),
        "stack-locked": not all(lock.breakable for lock in found.stack_locks),
        "protected": bool(getattr(found.checkpoint, "protected", ())),
        "unmanaged": record is None or any(r.tags_known and r.tags is None for r in found.resources),
        "mismatch": not all(fits(resource, found.name, inventory.account_id) for resource in found.resources),
    }
    against["unknown-name"] = not against["standing"] and re.fullmatch(FEATURE, found.name) is None
    if isinstance(record, FeatureRecord):
        against |= of_record(record, found, inventory, now, policy)
    return {code for code, holds in against.items() if holds}


def of_record(
    record: FeatureRecord, found: InventoryEntry, inventory: Inventory, now: datetime, policy: Policy
) -> dict[str, bool]:
    over = ended(record, found, inventory, now)
    lives = record.state not in ("destroying", "destroyed")
    known = inventory.branches or Branches(source="nobody", heads={})
    head = known.heads.get(record.branch)
    lost = not found.has_stack and (record.state in ("active", "marked") or bool(found.resources))
    running = not over and record.state != "destroying"
    mark = record.marked_at
    marked = mark is not None and mark + policy.grace <= now and marked_since(mark, record, found, inventory, now)
    return {
        "other-repository": record.repository != inventory.repository,
        "held": record.hold is not None and record.hold.until > now,
        "quarantined": record.state == "quarantined",
        "leased": running,
        "state-lost-live": running and lives and lost,
        "active": record.last_activity + timedelta(minutes=10) > now,
        "branch-moved": lives and None not in (record.head, head) and head != record.head,
        "pull-request": lives and record.branch in known.in_review,
        "pull-request-unknown": lives and record.branch in known.review_unknown,
        "backoff": record.retry_at is not None and now < record.retry_at,
        "grace": lives and policy.grace > timedelta() and not marked,
    }


def ended(record: FeatureRecord, found: InventoryEntry, inventory: Inventory, now: datetime) -> bool:
    """Whether nobody says that the lease goes on: neither the registry, nor tags or state that know more than it."""
    return all(end <= now for end in ends(record, found, inventory, now))


def marked_since(
    mark: datetime, record: FeatureRecord, found: InventoryEntry, inventory: Inventory, now: datetime
) -> bool:
    """Whether the mark is of the lease that ended, and of none before."""
    return all(end <= mark for end in ends(record, found, inventory, now))


def ends(record: FeatureRecord, found: InventoryEntry, inventory: Inventory, now: datetime) -> list[datetime]:
    told = [resource.tags.expires_at for resource in found.resources if isinstance(resource.tags, StackTags)]
    told += [getattr(found.checkpoint, "expires_at", None)]
    news = [end for end in told if end and not (record.deployed_until and end <= record.deployed_until)]
    bounds = [record.last_activity + timedelta(seconds=record.ttl_seconds), record.created_at + timedelta(days=30)]
    if record.state == "destroyed":
        bounds.append(record.destroyed_at)
        gone = record.branch_gone_at if record.branch_seen_at else None
    else:
        bounds.append(record.not_after)
        gone = gone_since(record, inventory, now)
    bounds.append(gone and gone + timedelta(hours=24))
    return [min(bound for bound in bounds if bound), *news]


def gone_since(record: FeatureRecord, inventory: Inventory, now: datetime) -> datetime | None:
    theirs = record.repository != inventory.repository
    if record.branch_seen_at is None:
        return None  # it may never have been pushed
    if inventory.branches is None or theirs or record.state in ("destroying", "quarantined"):
        return record.branch_gone_at
    if record.branch in inventory.branches.heads:
        return None
    return record.branch_gone_at or now


def fits(resource: Resource, name: str, account: str) -> bool:
    """Whether name, account and, where they are readable, tags say that a resource is of environment `name`."""
    named = {
        "table": rf"{re.escape(name)}-(tee-admin|tee-schedules|tee-sync-status)",
        "role": rf"{re.escape(name)}-tee-.*",
        "parameter": rf"/tee/{re.escape(name)}/.+",
        "other": r"(?!)",
    }
    said = resource.tags.environment.name if isinstance(resource.tags, StackTags) else name
    return re.fullmatch(named[resource.kind], resource.name) is not None and account in resource.arn and said == name
