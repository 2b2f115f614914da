"""Whether an environment's time has come: the rules for one that is ours beyond doubt."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core.cleanup.decision import CleanupCase, ReasonCode, RuleResult
from tee_infra.core.cleanup.wording import repair_hint, short, what_is_there, when
from tee_infra.core.lifecycle.branch_activity import is_gone, moved_to, observe
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import render_duration

RECENT: Final = timedelta(minutes=10)
"""Who did something so short ago may be at it still."""

_FINISHING: Final = ("destroying", "destroyed")
"""States in which somebody has already decided that the environment goes: what protects a lease protects no rest."""


def ends_at(case: CleanupCase, record: FeatureRecord) -> datetime:
    """When the lease ends by the latest word of registry, tags and state, its branch being as it was seen just now.

    A tombstone's ended with its destroy, and only tags that were written since say otherwise.
    """
    if record.state == "destroyed":
        return record.changed(not_after=record.destroyed_at).expires_at_with(*case.hints)
    gone_at = observe(record, case.branches, case.now).branch_gone_at
    return record.changed(branch_gone_at=gone_at).expires_at_with(*case.hints)


def _leased(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    end = ends_at(case, record)
    if record.state == "destroying" or case.now >= end:
        return None
    until = f"its lease runs until {when(end, case.now)}"
    if _lost_its_state(case, record):
        return RuleResult(
            code=ReasonCode.STATE_LOST_LIVE, reason=f"{until}, but its stack is gone; {repair_hint(case)}"
        )
    if is_gone(record, case.branches):
        until += f"; its branch {record.branch} is gone, and a push begins a new lease"
    return RuleResult(code=ReasonCode.LEASED, reason=until)


def _active(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if case.now - record.last_activity >= RECENT:
        return None
    return RuleResult(
        code=ReasonCode.ACTIVE,
        reason=f"somebody used it at {when(record.last_activity, case.now)}; it is left alone for "
        f"{render_duration(RECENT)} after that",
    )


def _branch_moved(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    head = moved_to(record, case.branches)
    if record.state in _FINISHING or head is None:
        return None
    return RuleResult(
        code=ReasonCode.BRANCH_MOVED,
        reason=f"its branch {record.branch} was pushed to since: {short(record.head)} has become {short(head)}",
    )


def _in_review(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if record.state in _FINISHING or case.branches is None:
        return None
    if record.branch in case.branches.in_review:
        return RuleResult(code=ReasonCode.PULL_REQUEST, reason=f"its branch {record.branch} has an open pull request")
    if record.branch in case.branches.maybe_in_review:
        return RuleResult(
            code=ReasonCode.PULL_REQUEST_UNKNOWN,
            reason=f"its branch {record.branch} may have an open pull request: {case.branches.source} could not tell",
        )
    return None


def _backoff(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if record.retry_at is None or case.now >= record.retry_at:
        return None
    problem = f" ({record.problem})" if record.problem else ""
    return RuleResult(
        code=ReasonCode.BACKOFF,
        reason=f"its destroy failed {record.failures} times{problem} and is tried again at "
        f"{when(record.retry_at, case.now)}",
    )


def _grace(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    grace, end = case.policy.grace, ends_at(case, record)
    if record.state in _FINISHING or grace <= timedelta():
        return None
    over = f"its lease ended at {when(end, case.now)}"
    # A mark from before this end was of an earlier one, and somebody has extended the lease since.
    if record.marked_at is None or record.marked_at < end:
        return RuleResult(
            code=ReasonCode.GRACE, reason=f"{over}; it is marked first, and destroyed {render_duration(grace)} later"
        )
    goes = record.marked_at + grace
    if case.now < goes:
        return RuleResult(code=ReasonCode.GRACE, reason=f"{over}; it is marked and goes at {when(goes, case.now)}")
    return None


def _protected(case: CleanupCase, _: FeatureRecord) -> RuleResult | None:
    if case.checkpoint is None or not case.checkpoint.protected:
        return None
    protected = ", ".join(case.checkpoint.protected)
    return RuleResult(
        code=ReasonCode.PROTECTED, reason=f"its stack protects {protected}, and whoever did that wants it kept"
    )


LEASE_RULES: Final[tuple[Callable[[CleanupCase, FeatureRecord], RuleResult | None], ...]] = (
    _leased,
    _active,
    _branch_moved,
    _in_review,
    _backoff,
    _grace,
    _protected,
)


def time_to_go(case: CleanupCase, record: FeatureRecord) -> RuleResult:
    """The verdict where no rule speaks against a destroy: what kind of destroy it is."""
    there = what_is_there(case)
    if record.state == "destroyed":
        at = f" at {when(record.destroyed_at, case.now)}" if record.destroyed_at else ""
        return RuleResult(code=ReasonCode.LEFTOVER, reason=f"it was destroyed{at}, and all the same {there}")
    if record.state == "destroying":
        return RuleResult(code=ReasonCode.HALF_DESTROYED, reason=f"its destroy was begun and never ended; {there}")
    over = f"its lease ended at {when(ends_at(case, record), case.now)}"
    if not case.found.has_stack and case.found.resources:
        return RuleResult(code=ReasonCode.STATE_LOST, reason=f"{over}, and its stack is gone; {there}")
    if record.state == "creating" and case.found.has_stack:
        return RuleResult(
            code=ReasonCode.EXPIRED_HALF_CREATED, reason=f"{over}, and it was never made to its end; {there}"
        )
    return RuleResult(code=ReasonCode.EXPIRED, reason=f"{over}; {there}")


def _lost_its_state(case: CleanupCase, record: FeatureRecord) -> bool:
    """Whether there is no stack though there has been one: a create makes it before anything else."""
    if case.found.has_stack or record.state == "destroyed":
        return False
    return record.state != "creating" or bool(case.found.resources)
