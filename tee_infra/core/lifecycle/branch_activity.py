"""Updating a record from the live branches."""

from datetime import datetime
from typing import Final

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord

_OBSERVED: Final = ("creating", "active", "marked")


def with_branch_news(record: FeatureRecord, branches: Branches | None, now: datetime) -> FeatureRecord:
    """The record after its branch was deleted, restored, or pushed to, which counts as activity.

    Unchanged without news, where only leases decide (None), and once it is being destroyed.
    """
    if branches is None or record.state not in _OBSERVED:
        return record
    head = new_head(record, branches)
    if head is not None:
        return record.active(now, head=head)
    gone_at = (record.branch_gone_at or now) if is_branch_deleted(record, branches) else None
    return record if gone_at == record.branch_gone_at else record.with_changes(branch_gone_at=gone_at)


def is_branch_deleted(record: FeatureRecord, branches: Branches | None) -> bool:
    """Whether the record's branch is not among the live ones."""
    return branches is not None and record.branch not in branches.heads


def new_head(record: FeatureRecord, branches: Branches | None) -> str | None:
    """The branch's commit if it is known to differ from the one at the last activity."""
    head = branches.heads.get(record.branch) if branches is not None else None
    return head if head is not None and record.head is not None and head != record.head else None
