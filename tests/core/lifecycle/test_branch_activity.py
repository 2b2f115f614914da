from datetime import UTC, datetime, timedelta

import pytest

from tee_infra.core.lifecycle.branch_activity import with_branch_news
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
SEEN = RECORD.with_changes(branch_seen_at=EARLIER)


def branches(**heads: str | None) -> Branches:
    return Branches(source="origin", heads={"main": "m"} | {f"feature/{name}": head for name, head in heads.items()})


def test_a_branch_that_is_gone_is_noted_when_it_is_first_seen_so() -> None:
    gone = with_branch_news(SEEN, branches(), NOW)
    assert gone == SEEN.with_changes(branch_gone_at=NOW)
    assert with_branch_news(gone, branches(), NOW + timedelta(hours=1)) == gone


def test_a_branch_that_is_back_lifts_that() -> None:
    gone = SEEN.with_changes(branch_gone_at=EARLIER)
    assert with_branch_news(gone, branches(x="old"), NOW) == SEEN
    assert with_branch_news(gone, branches(x=None), NOW) == SEEN
    again = with_branch_news(with_branch_news(gone, branches(x=None), NOW), branches(), NOW)
    assert again.branch_gone_at == NOW


def test_a_push_is_activity() -> None:
    moved = with_branch_news(
        RECORD.with_changes(branch_gone_at=EARLIER, state="marked", marked_at=EARLIER), branches(x="new"), NOW
    )
    assert moved == RECORD.with_changes(last_activity=NOW, head="new", branch_seen_at=NOW)


@pytest.mark.parametrize(
    ("record", "known"),
    [
        (RECORD, None),
        (RECORD, branches()),
        (SEEN, branches(x="old")),
        (SEEN, branches(x=None)),
        (SEEN.with_changes(head=None), branches(x=None)),
        (RECORD.with_changes(state="destroying"), branches()),
        (RECORD.with_changes(state="destroyed"), branches(x="new")),
        (RECORD.with_changes(state="quarantined"), branches()),
    ],
)
def test_no_news_change_nothing(record: FeatureRecord, known: Branches | None) -> None:
    assert with_branch_news(record, known, NOW) is record
