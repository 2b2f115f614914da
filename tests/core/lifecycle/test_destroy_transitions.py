from datetime import UTC, datetime, timedelta

import pytest

from tee_infra.core.lifecycle.destroy_transitions import (
    FIRST_WAIT,
    begun,
    copy_of_checkpoint,
    failed,
    finished,
    lifted,
    marked,
    shortened,
)
from tee_infra.core.lifecycle.record import MAX_FAILURES, FeatureRecord, Hold

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECORD = FeatureRecord(
    environment="feature-x",
    repository="acme/app",
    branch="feature/x",
    owner="ann",
    state="active",
    created_at=NOW - 9 * HOUR,
    last_activity=NOW - 9 * HOUR,
    ttl_seconds=3600,
)


def test_each_failure_doubles_the_wait_and_the_fifth_is_quarantine() -> None:
    record, waits, states = begun(RECORD), [], []
    for _ in range(MAX_FAILURES):
        record = failed(record, "throttled", NOW)
        assert record.retry_at is not None
        waits.append((record.retry_at - NOW) / FIRST_WAIT)
        states.append(record.state)
    assert waits == [1, 2, 4, 8, 16]
    assert states == ["destroying"] * (MAX_FAILURES - 1) + ["quarantined"]
    assert (record.failures, record.problem) == (MAX_FAILURES, "throttled")


def test_a_tombstone_remembers_when_and_nothing_of_the_way_there() -> None:
    record = marked(RECORD, RECORD.expires_at, NOW).with_changes(hold=Hold(reason="demo", until=NOW, by="ann"))
    tombstone = finished(failed(record, "throttled", NOW), NOW + HOUR)
    assert (tombstone.state, tombstone.destroyed_at, tombstone.live) == ("destroyed", NOW + HOUR, False)
    assert (tombstone.marked_at, tombstone.hold, tombstone.failures) == (None, None, 0)
    assert (tombstone.retry_at, tombstone.problem) == (None, "")


def test_a_mark_keeps_its_time_unless_the_lease_ended_after_it() -> None:
    first = marked(RECORD, NOW - 8 * HOUR, NOW)
    assert (first.state, first.marked_at) == ("marked", NOW)
    assert marked(first, NOW - 8 * HOUR, NOW + HOUR) == first
    assert marked(first, NOW + HOUR, NOW + 2 * HOUR).marked_at == NOW + 2 * HOUR


@pytest.mark.parametrize("state", ["destroying", "destroyed", "quarantined"])
def test_what_is_on_its_way_out_is_not_marked(state: str) -> None:
    record = RECORD.with_changes(state=state)
    assert marked(record, NOW, NOW) == record


def test_the_copy_of_a_checkpoint_is_in_no_folder_of_the_engine() -> None:
    assert copy_of_checkpoint("feature-x", NOW) == "destroyed/feature-x/20261201T000000Z.json"


def test_a_lease_is_cut_short_and_never_made_longer() -> None:
    early, late = RECORD.expires_at - HOUR / 2, RECORD.expires_at + HOUR
    assert shortened(RECORD, early).expires_at == early
    assert shortened(RECORD, late) == RECORD
    assert shortened(shortened(RECORD, early), late).expires_at == early
    assert shortened(RECORD, early).active(NOW).expires_at == NOW + HOUR
    assert shortened(RECORD.with_changes(state="destroying"), early).not_after is None


def test_out_of_quarantine_cleanup_goes_on() -> None:
    record = RECORD.with_changes(state="quarantined", failures=MAX_FAILURES, retry_at=NOW, problem="throttled")
    after = lifted(record)
    assert (after.state, after.failures, after.retry_at, after.problem) == ("destroying", 0, None, "")
