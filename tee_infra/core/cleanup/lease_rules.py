"""Whether an environment's lease has expired: the rules for one whose owner is known."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tee_infra.core.cleanup.decision import CleanupCase, ReasonCode, RuleResult
from tee_infra.core.cleanup.wording import contents, render_when, repair_hint, short_commit
from tee_infra.core.lifecycle.branch_activity import is_branch_deleted, new_head, with_branch_news
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import render_duration

RECENT: Final = timedelta(minutes=10)
"""After an activity this recent, a person may still be using the environment."""

_FINISHING: Final = ("destroying", "destroyed")
"""States in which the destroy is already decided: lease protections do not apply to leftovers."""


def recorded_end(case: CleanupCase, record: FeatureRecord) -> datetime:
    """The lease end of the registry, as `feature list` and `feature show` print it; after a run that writes, as they do
    then."""
    news = with_branch_news(record, _own_branches(case, record), case.now) if case.policy.writes else record
    return news.expires_at


def ends_at(case: CleanupCase, record: FeatureRecord) -> datetime:
    """The end that decides: the latest of registry, tags and state, with the branch as just observed.

    A tombstone's lease ended with its destroy, unless tags were written since.
    """
    if record.state == "destroyed":
        return record.with_changes(not_after=record.destroyed_at).latest_lease_end(*case.lease_ends)
    news = with_branch_news(record, _own_branches(case, record), case.now)
    seen = {"branch_seen_at": news.branch_seen_at, "branch_gone_at": news.branch_gone_at}
    return record.with_changes(**seen).latest_lease_end(*case.lease_ends)


def _leased(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    end = ends_at(case, record)
    if record.state == "destroying" or case.now >= end:
        return None
    shown = recorded_end(case, record)
    until = f"its lease {'ends' if case.now < shown else 'ended'} at {render_when(shown, case.now)}"
    if end > shown:
        until += f", but by its tags, state or branch it ends at {render_when(end, case.now)}"
    if _lost_its_state(case, record):
        return RuleResult(
            code=ReasonCode.STATE_LOST_LIVE, reason=f"{until}, but its stack is missing; {repair_hint(case)}"
        )
    if is_branch_deleted(record, _own_branches(case, record)):
        until += f"; its branch {record.branch} is deleted, and a push starts a new lease"
        until += f"; with --execute it ends at {render_when(end, case.now)}" if end < shown else ""
    return RuleResult(code=ReasonCode.LEASED, reason=until)


def _active(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if case.now - record.last_activity >= RECENT:
        return None
    return RuleResult(
        code=ReasonCode.ACTIVE,
        reason=f"last used at {render_when(record.last_activity, case.now)}; "
        f"not destroyed within {render_duration(RECENT)} of that",
    )


def _branch_moved(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    head = new_head(record, case.branches)
    if record.state in _FINISHING or head is None:
        return None
    return RuleResult(
        code=ReasonCode.BRANCH_MOVED,
        reason=f"its branch {record.branch} was pushed to since: "
        f"{short_commit(record.head)} is now {short_commit(head)}",
    )


def _in_review(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if record.state in _FINISHING or case.branches is None:
        return None
    if record.branch in case.branches.in_review:
        return RuleResult(code=ReasonCode.PULL_REQUEST, reason=f"its branch {record.branch} has an open pull request")
    if record.branch in case.branches.review_unknown:
        return RuleResult(
            code=ReasonCode.PULL_REQUEST_UNKNOWN,
            reason=f"its branch {record.branch} may have an open pull request; {case.branches.source} cannot list them",
        )
    return None


def _backoff(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    if record.retry_at is None or case.now >= record.retry_at:
        return None
    problem = f" ({record.problem})" if record.problem else ""
    return RuleResult(
        code=ReasonCode.BACKOFF,
        reason=f"its destroy failed {record.failures} times{problem}; "
        f"next retry at {render_when(record.retry_at, case.now)}",
    )


def _grace(case: CleanupCase, record: FeatureRecord) -> RuleResult | None:
    grace, end = case.policy.grace, ends_at(case, record)
    if record.state in _FINISHING or grace <= timedelta():
        return None
    expired = f"its lease expired at {render_when(end, case.now)}"
    # A mark from before this end was of an earlier one: the lease has been extended since.
    if record.marked_at is None or record.marked_at < end:
        return RuleResult(
            code=ReasonCode.GRACE, reason=f"{expired}; marked first, destroyed {render_duration(grace)} later"
        )
    goes = record.marked_at + grace
    if case.now < goes:
        return RuleResult(
            code=ReasonCode.GRACE, reason=f"{expired}; marked, will be destroyed at {render_when(goes, case.now)}"
        )
    return None


def _protected(case: CleanupCase, _: FeatureRecord) -> RuleResult | None:
    if case.checkpoint is None or not case.checkpoint.protected:
        return None
    protected = ", ".join(case.checkpoint.protected)
    return RuleResult(
        code=ReasonCode.PROTECTED, reason=f"its stack protects {protected}; cleanup never removes a protection"
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


def destroy_verdict(case: CleanupCase, record: FeatureRecord) -> RuleResult:
    """The verdict where no rule forbids a destroy: the kind of destroy."""
    found = contents(case)
    if record.state == "destroyed":
        at = f" at {render_when(record.destroyed_at, case.now)}" if record.destroyed_at else ""
        return RuleResult(code=ReasonCode.LEFTOVER, reason=f"destroyed{at}, but {found}")
    if record.state == "destroying":
        return RuleResult(code=ReasonCode.HALF_DESTROYED, reason=f"its destroy started and did not finish; {found}")
    expired = f"its lease expired at {render_when(ends_at(case, record), case.now)}"
    if not case.found.has_stack and case.found.resources:
        return RuleResult(code=ReasonCode.STATE_LOST, reason=f"{expired}, and its stack is missing; {found}")
    if record.state == "creating" and case.found.has_stack:
        return RuleResult(
            code=ReasonCode.EXPIRED_HALF_CREATED, reason=f"{expired}, and its create never finished; {found}"
        )
    return RuleResult(code=ReasonCode.EXPIRED, reason=f"{expired}; {found}")


def _own_branches(case: CleanupCase, record: FeatureRecord) -> Branches | None:
    """The live branches if they are of the record's repository."""
    return case.branches if record.repository == case.inventory.repository else None


def _lost_its_state(case: CleanupCase, record: FeatureRecord) -> bool:
    """Whether its stack is missing. A create makes the stack before anything else."""
    if case.found.has_stack or record.state == "destroyed":
        return False
    return record.state != "creating" or bool(case.found.resources)
