"""The rules of cleanup, each one answer to data that somebody lost.

`decide` asks them in order and the first that speaks decides. Protections come first; whatever is unknown is kept.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core import names
from tee_infra.core.catalog import TABLES
from tee_infra.core.cleanup_case import Case, Verdict
from tee_infra.core.inventory import Resource
from tee_infra.core.lifetime import render_duration, render_left
from tee_infra.core.observe import is_gone, moved_to, observe
from tee_infra.core.registry import MAX_FAILURES, Record
from tee_infra.core.settings import render_time
from tee_infra.core.tags import StackTags, Unreadable

RECENT: Final = timedelta(minutes=10)
"""Who did something so short ago may be at it still."""

_FINISHING: Final = ("destroying", "destroyed")
"""States in which somebody has already decided that the environment goes: what protects a lease protects no rest."""


def decide(case: Case) -> Verdict:
    """The verdict on one name."""
    for rule in _WHOSE:
        verdict = rule(case)
        if verdict is not None:
            return verdict
    if case.record is None:
        return Verdict(code="unmanaged", reason=f"{_what_is_there(case)}, but no registry record says whose")
    for rule in _WHEN:
        verdict = rule(case, case.record)
        if verdict is not None:
            return verdict
    return _destroy(case, case.record)


def ends_at(case: Case, record: Record) -> datetime:
    """When the lease ends by the latest word of registry, tags and state, its branch being as it was seen just now.

    A tombstone's ended with its destroy, and only tags that were written since say otherwise.
    """
    if record.state == "destroyed":
        return record.changed(not_after=record.destroyed_at).expires_at_with(*case.hints)
    gone_at = observe(record, case.branches, case.now).branch_gone_at
    return record.changed(branch_gone_at=gone_at).expires_at_with(*case.hints)


# Whose it is: nothing here asks for a lease.


def _standing(case: Case) -> Verdict | None:
    if case.environment is None or case.environment.is_feature:
        return None
    return Verdict(code="standing", reason=f"{case.found.name} stands, and cleanup is for feature environments alone")


def _unknown_name(case: Case) -> Verdict | None:
    if case.environment is not None:
        return None
    return Verdict(code="unknown-name", reason=f"{_what_is_there(case)}, but {case.found.name!r} is no environment")


def _unreadable(case: Case) -> Verdict | None:
    found = case.found
    if isinstance(found.record, Unreadable):
        return Verdict(code="unreadable-record", reason=found.record.reason)
    for resource in case.resources:
        if isinstance(resource.tags, Unreadable):
            return Verdict(code="unreadable-tags", reason=f"{_describe(resource)}: {resource.tags.reason}")
    if isinstance(found.checkpoint, Unreadable):
        return Verdict(code="unreadable-state", reason=found.checkpoint.reason)
    return None


def _other_repository(case: Case) -> Verdict | None:
    record, ours = case.record, case.inventory.repository
    if record is None or record.repository == ours:
        return None
    return Verdict(code="other-repository", reason=f"it belongs to {record.repository}, and this run is for {ours}")


def _held(case: Case) -> Verdict | None:
    record = case.record
    if record is None or record.hold is None or not record.is_held(case.now):
        return None
    hold = record.hold
    return Verdict(code="held", reason=f"{hold.by} holds it until {_when(hold.until, case.now)}: {hold.reason}")


def _locked(case: Case) -> Verdict | None:
    if case.found.locked_by is None:
        return None
    return Verdict(code="locked", reason=f"it is being changed by {case.found.locked_by}")


def _stack_locked(case: Case) -> Verdict | None:
    for lock in sorted(case.found.stack_locks, key=lambda lock: lock.holder):
        if not lock.breakable:
            since = f" since {_when(lock.since, case.now)}" if lock.since else ""
            return Verdict(code="stack-locked", reason=f"the engine's lock on its stack is {lock.holder}'s{since}")
    return None


def _quarantined(case: Case) -> Verdict | None:
    if case.record is None or case.record.state != "quarantined":
        return None
    problem = f": {case.record.problem}" if case.record.problem else ""
    return Verdict(code="quarantined", reason=f"{MAX_FAILURES} destroys in a row have failed{problem}")


def _untagged(case: Case) -> Verdict | None:
    if case.record is None:
        return None
    for resource in case.resources:
        if resource.tags is None and resource.tags_told:
            return Verdict(
                code="unmanaged", reason=f"{_describe(resource)} has no tags of ours, so it may be anybody's"
            )
    return None


def _mismatch(case: Case) -> Verdict | None:
    if case.record is None:
        return None
    for resource in case.resources:
        reason = _disagreement(case, resource)
        if reason is not None:
            return Verdict(code="mismatch", reason=f"{_describe(resource)} {reason}")
    return None


_WHOSE: Final[tuple[Callable[[Case], Verdict | None], ...]] = (
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


# Whether its time has come: of an environment that is ours beyond doubt.


def _leased(case: Case, record: Record) -> Verdict | None:
    end = ends_at(case, record)
    if record.state == "destroying" or case.now >= end:
        return None
    until = f"its lease runs until {_when(end, case.now)}"
    if _lost_its_state(case, record):
        return Verdict(
            code="state-lost-live",
            reason=f"{until}, but its stack is gone; get it back: tee-infra repair {record.environment}",
        )
    if is_gone(record, case.branches):
        until += f"; its branch {record.branch} is gone, and pushing it again gives it a new one"
    return Verdict(code="leased", reason=until)


def _active(case: Case, record: Record) -> Verdict | None:
    if case.now - record.last_activity >= RECENT:
        return None
    return Verdict(
        code="active",
        reason=f"somebody used it at {_when(record.last_activity, case.now)}; it is left alone for "
        f"{render_duration(RECENT)} after that",
    )


def _branch_moved(case: Case, record: Record) -> Verdict | None:
    head = moved_to(record, case.branches)
    if record.state in _FINISHING or head is None:
        return None
    return Verdict(
        code="branch-moved",
        reason=f"its branch {record.branch} was pushed to since: {_short(record.head)} has become {_short(head)}",
    )


def _in_review(case: Case, record: Record) -> Verdict | None:
    if record.state in _FINISHING or case.branches is None:
        return None
    if record.branch in case.branches.in_review:
        return Verdict(code="pull-request", reason=f"its branch {record.branch} has an open pull request")
    if record.branch in case.branches.maybe_in_review:
        return Verdict(
            code="pull-request-unknown",
            reason=f"its branch {record.branch} may have an open pull request: {case.branches.source} could not tell",
        )
    return None


def _backoff(case: Case, record: Record) -> Verdict | None:
    if record.retry_at is None or case.now >= record.retry_at:
        return None
    problem = f" ({record.problem})" if record.problem else ""
    return Verdict(
        code="backoff",
        reason=f"its destroy failed {record.failures} times{problem} and is tried again at "
        f"{_when(record.retry_at, case.now)}",
    )


def _grace(case: Case, record: Record) -> Verdict | None:
    grace, end = case.policy.grace, ends_at(case, record)
    if record.state in _FINISHING or grace <= timedelta():
        return None
    over = f"its lease ended at {_when(end, case.now)}"
    # A mark from before this end was of an earlier one, and somebody has extended the lease since.
    if record.marked_at is None or record.marked_at < end:
        return Verdict(code="grace", reason=f"{over}; it is marked first, and destroyed {render_duration(grace)} later")
    goes = record.marked_at + grace
    if case.now < goes:
        return Verdict(code="grace", reason=f"{over}; it is marked and goes at {_when(goes, case.now)}")
    return None


def _protected(case: Case, _: Record) -> Verdict | None:
    if case.checkpoint is None or not case.checkpoint.protected:
        return None
    protected = ", ".join(case.checkpoint.protected)
    return Verdict(code="protected", reason=f"its stack protects {protected}, and whoever did that wants it kept")


_WHEN: Final[tuple[Callable[[Case, Record], Verdict | None], ...]] = (
    _leased,
    _active,
    _branch_moved,
    _in_review,
    _backoff,
    _grace,
    _protected,
)


def _destroy(case: Case, record: Record) -> Verdict:
    there = _what_is_there(case)
    if record.state == "destroyed":
        when = f" at {_when(record.destroyed_at, case.now)}" if record.destroyed_at else ""
        return Verdict(code="leftover", reason=f"it was destroyed{when}, but {there}")
    if record.state == "destroying":
        return Verdict(code="half-destroyed", reason=f"its destroy was begun and never ended; {there}")
    over = f"its lease ended at {_when(ends_at(case, record), case.now)}"
    if not case.found.has_stack and case.found.resources:
        return Verdict(code="state-lost", reason=f"{over}, and its stack is gone; {there}")
    if record.state == "creating" and case.found.has_stack:
        return Verdict(code="expired-half-created", reason=f"{over}, and it was never made to its end; {there}")
    return Verdict(code="expired", reason=f"{over}; {there}")


def _lost_its_state(case: Case, record: Record) -> bool:
    """Whether there is no stack though there has been one: a create makes it before anything else."""
    if case.found.has_stack or record.state == "destroyed":
        return False
    return record.state != "creating" or bool(case.found.resources)


def _disagreement(case: Case, resource: Resource) -> str | None:
    name, account = case.found.name, case.inventory.account_id
    theirs = resource.arn.split(":")[4]
    if theirs != account:
        return f"is in account {theirs or 'unknown'}, and this is {account}"
    if not _is_named_after(resource, name):
        return f"is named like nothing that {name} is made of"
    if isinstance(resource.tags, StackTags) and resource.tags.environment.name != name:
        return f"says that it is of {resource.tags.environment.name}"
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


def _what_is_there(case: Case) -> str:
    found = case.found
    parts = ["a stack"] if found.has_stack else []
    kinds = [resource.kind if resource.kind != "other" else "resource" for resource in case.resources]
    for kind in dict.fromkeys(kinds):
        count = kinds.count(kind)
        parts.append(f"1 {kind}" if count == 1 else f"{count} {kind}s")
    return f"there is {' and '.join(parts)}" if parts else "nothing of it is left"


def _describe(resource: Resource) -> str:
    return f"{resource.arn if resource.kind == 'other' else f'{resource.kind} {resource.name}'}"


def _when(moment: datetime, now: datetime) -> str:
    return f"{render_time(moment)} ({render_left(moment, now)})"


def _short(commit: str | None) -> str:
    return (commit or "nothing")[:12]
