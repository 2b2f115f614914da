from datetime import UTC, datetime, timedelta

import pytest

from tee_infra.core.lifecycle.branch_activity import observe
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.record import FeatureRecord

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=5)
RECORD = FeatureRecord(
    environment="feature-x",
    repository="acme/tee-admin",
    branch="feature/x",
    owner="ann",
    state="active",
    created_at=EARLIER,
    last_activity=EARLIER,
    ttl_seconds=3600,
    head="old",
)


def branches(**heads: str | None) -> Branches:
    return Branches(source="origin", heads={"main": "m"} | {f"feature/{name}": head for name, head in heads.items()})


def test_a_branch_that_is_gone_is_noted_when_it_is_first_seen_so() -> None:
    gone = observe(RECORD, branches(), NOW)
    assert gone == RECORD.changed(branch_gone_at=NOW)
    assert observe(gone, branches(), NOW + timedelta(hours=1)) == gone


def test_a_branch_that_is_back_lifts_that() -> None:
    gone = RECORD.changed(branch_gone_at=EARLIER)
    assert observe(gone, branches(x="old"), NOW) == RECORD
    assert observe(gone, branches(x=None), NOW) == RECORD


def test_a_push_is_activity() -> None:
    moved = observe(RECORD.changed(branch_gone_at=EARLIER, state="marked", marked_at=EARLIER), branches(x="new"), NOW)
    assert moved == RECORD.changed(last_activity=NOW, head="new")


@pytest.mark.parametrize(
    ("record", "known"),
    [
        (RECORD, None),
        (RECORD, branches(x="old")),
        (RECORD, branches(x=None)),
        (RECORD.changed(head=None), branches(x="new")),
        (RECORD.changed(state="destroying"), branches()),
        (RECORD.changed(state="destroyed"), branches(x="new")),
        (RECORD.changed(state="quarantined"), branches()),
    ],
)
def test_no_news_change_nothing(record: FeatureRecord, known: Branches | None) -> None:
    assert observe(record, known, NOW) is record
