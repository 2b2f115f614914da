"""Updating a record from the live branches.

Only a branch that was seen on the remote and is missing since then was deleted; one that was never seen may never have
been pushed. A person's command afterwards starts over: its environment lives as long as its lease says.
"""

from datetime import datetime
from typing import Final

from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord

_OBSERVED: Final = ("creating", "active", "marked")


def with_branch_news(record: FeatureRecord, branches: Branches | None, now: datetime) -> FeatureRecord:
    """The record after its branch was seen first, deleted, restored, or pushed to, which counts as activity.

    Unchanged without news, where only leases decide (None), and once it is being destroyed.
    """
    if branches is None or record.state not in _OBSERVED:
        return record
    head = new_head(record, branches)
    if head is not None:
        return record.active(now, head=head, is_pushed=True)
    if record.branch in branches.heads:
        seen = {"branch_seen_at": record.branch_seen_at or now, "head": record.head or branches.heads[record.branch]}
        return _changed(record, **seen, branch_gone_at=None)
    return _changed(record, branch_gone_at=(record.branch_gone_at or now) if record.branch_seen_at else None)


def is_branch_deleted(record: FeatureRecord, branches: Branches | None) -> bool:
    """Whether the record's branch was seen on the remote and is not among the live ones."""
    return branches is not None and record.branch_seen_at is not None and record.branch not in branches.heads


def new_head(record: FeatureRecord, branches: Branches | None) -> str | None:
    """The branch's commit if it is known to differ from the one at the last activity."""
    head = branches.heads.get(record.branch) if branches is not None else None
    return head if head is not None and record.head is not None and head != record.head else None


def _changed(record: FeatureRecord, **fields: object) -> FeatureRecord:
    after = record.with_changes(**fields)
    return record if after == record else after
