"""Lives of branches: pushed, deleted, and pushed again, while people use their environment and cleanup looks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.lifecycle.branch_activity import with_branch_news
from tee_infra.core.lifecycle.branches import Branches
from tee_infra.core.lifecycle.lease import DEFAULT_TTL, MAX_LIFE
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.transitions import CreateRequest, extended, requested

START = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BRANCH = "feature/x"
COMMAND = CreateRequest(environment="feature-x", repository="acme/app", branch=BRANCH, owner="ann", ttl=DEFAULT_TTL)
PUSHED = CreateRequest(**{**vars(COMMAND), "is_pushed": True})
EVENTS = ("cleanup with it", "cleanup without it", "cleanup by leases", "create", "create by its push", "extend")
hours = st.integers(0, 12).map(lambda count: timedelta(hours=count))


def after(record: FeatureRecord, event: str, now: datetime) -> FeatureRecord:
    heads = {"main": None} | ({BRANCH: None} if event == "cleanup with it" else {})
    match event:
        case "create":
            return requested(record, COMMAND, now)
        case "create by its push":
            return requested(record, PUSHED, now)
        case "extend":
            return extended(record, DEFAULT_TTL, now)
        case "cleanup by leases":
            return with_branch_news(record, None, now)
        case _:
            return with_branch_news(record, Branches(source="origin", heads=heads), now)


def expected_end(events: list[tuple[str, datetime]]) -> datetime:
    """From the whole story: a day after the first cleanup in a row that missed a branch seen since the last command."""
    used = max(index for index, (event, _) in enumerate(events) if event in ("create", "create by its push", "extend"))
    end = min(events[used][1] + DEFAULT_TTL, events[0][1] + MAX_LIFE)
    looks = [(event, now) for event, now in events[used:] if event in ("cleanup with it", "cleanup without it")]
    if events[used][0] == "create by its push":
        looks.insert(0, ("cleanup with it", events[used][1]))
    seen = [index for index, (event, _) in enumerate(looks) if event == "cleanup with it"]
    missed = looks[seen[-1] + 1 :] if seen else []
    return min(end, missed[0][1] + DAY) if missed else end


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), hours), max_size=7), st.booleans())
def test_only_a_branch_seen_since_the_last_command_and_then_missed_ends_a_lease_early(
    story: list[tuple[str, timedelta]], is_pushed: bool
) -> None:
    now, first = START, PUSHED if is_pushed else COMMAND
    record, events = requested(None, first, now), [("create by its push" if is_pushed else "create", now)]
    for event, later in story:
        now += later
        record, events = after(record, event, now), [*events, (event, now)]
    assert record.expires_at == expected_end(events)


def test_a_branch_that_was_never_pushed_keeps_its_whole_lease_whoever_looks() -> None:
    record = requested(None, COMMAND, START)
    ends = [record.expires_at]
    for hour in range(0, 72, 6):
        record = after(record, "cleanup without it", START + timedelta(hours=hour))
        ends.append(record.expires_at)
    assert all(first == second == START + DEFAULT_TTL for first, second in pairwise(ends))


def test_a_record_of_an_earlier_version_that_calls_its_branch_gone_keeps_its_lease() -> None:
    """Cleanup called every missing branch gone, also one that was never pushed."""
    old = requested(None, COMMAND, START).with_changes(branch_gone_at=START)
    assert old.expires_at == START + DEFAULT_TTL
    assert after(old, "cleanup without it", START + DAY) == old.with_changes(branch_gone_at=None)


def test_a_clock_that_is_behind_takes_nothing_from_a_lease() -> None:
    seen = after(requested(None, COMMAND, START), "cleanup with it", START)
    late = after(seen, "cleanup without it", START + timedelta(minutes=5))
    assert after(late, "cleanup without it", START - timedelta(minutes=5)) == late
    again = after(late, "extend", START - timedelta(minutes=5))
    assert again.expires_at >= START + DEFAULT_TTL - timedelta(minutes=5)
    assert after(again, "cleanup without it", START).expires_at == again.expires_at


def test_a_push_is_seen_and_a_first_look_learns_the_commit() -> None:
    record = requested(None, COMMAND, START)
    learned = with_branch_news(record, Branches(source="origin", heads={BRANCH: "1" * 40}), START + DAY)
    assert (learned.head, learned.last_activity) == ("1" * 40, START)
    forced = with_branch_news(learned, Branches(source="origin", heads={BRANCH: "2" * 40}), START + 2 * DAY)
    assert (forced.last_activity, forced.branch_seen_at) == (START + 2 * DAY, START + 2 * DAY)
