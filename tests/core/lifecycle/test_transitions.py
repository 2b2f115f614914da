from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tee_infra.core.lifecycle.lease import MAX_LIFE, MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.lifecycle.transitions import (
    BoundElsewhereError,
    CreateRequest,
    GoneError,
    LifeOverError,
    QuarantinedError,
    QuotaError,
    check_quota,
    deployed,
    extended,
    held,
    released,
    requested,
)
from tee_infra.core.unreadable import Unreadable

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOLD = Hold(reason="a demo", until=NOW + 7 * DAY, by="ann")


def request(**fields: Any) -> CreateRequest:
    known = {"environment": "feature-x", "repository": "acme/app", "branch": "feature/x", "owner": "ann"}
    return CreateRequest(**known | fields)


def record(**fields: Any) -> FeatureRecord:
    return requested(None, request(ttl=72 * HOUR), NOW).with_changes(**{"state": "active", "version": 3} | fields)


def test_a_new_record_begins_with_the_wish() -> None:
    made = requested(None, request(seed="none", head="c0ffee"), NOW)
    assert (made.state, made.version, made.seed, made.seeded, made.head) == ("creating", 0, "none", False, "c0ffee")
    assert made.created_at == made.last_activity == NOW
    assert made.expires_at == NOW + 72 * HOUR


def test_again_is_an_activity_that_keeps_what_was_not_given() -> None:
    again = requested(record(head="c0ffee", seeded=True), request(owner="bob"), NOW + 10 * HOUR)
    assert (again.owner, again.ttl_seconds, again.head, again.seeded) == ("ann", 72 * 3600, "c0ffee", True)
    assert (again.state, again.created_at) == ("active", NOW)
    assert again.expires_at == NOW + 82 * HOUR


def test_again_takes_what_was_given() -> None:
    again = requested(record(), request(owner="bob", owner_given=True, ttl=2 * HOUR, head="beef"), NOW + HOUR)
    assert (again.owner, again.head, again.expires_at) == ("bob", "beef", NOW + 3 * HOUR)


def test_a_push_lifts_a_mark_and_a_lease_that_was_cut_short() -> None:
    marked = record(state="marked", marked_at=NOW, not_after=NOW + HOUR, branch_gone_at=NOW)
    again = requested(marked, request(), NOW + HOUR)
    assert (again.state, again.marked_at, again.not_after, again.branch_gone_at) == ("active", None, None, None)


def test_a_create_that_died_stays_one() -> None:
    again = requested(record(state="creating"), request(), NOW + HOUR)
    assert (again.state, again.created_at) == ("creating", NOW)


def test_what_was_seeded_stays_so_and_what_was_not_takes_another_seed() -> None:
    assert requested(record(seeded=True), request(seed="none"), NOW).seed == "synthetic"
    assert requested(record(seed="none"), request(seed="synthetic"), NOW).seed == "synthetic"


@pytest.mark.parametrize("state", ["creating", "active", "marked", "destroying", "quarantined"])
def test_another_branch_is_refused_and_both_are_named(state: str) -> None:
    with pytest.raises(BoundElsewhereError, match=r"branch 'feature/x' of acme/app .* branch 'x' of acme/app"):
        requested(record(state=state), request(branch="x"), NOW)
    with pytest.raises(BoundElsewhereError, match=r"of acme/app .* of other/app"):
        requested(record(state=state), request(repository="other/app"), NOW)


def test_a_tombstone_gives_its_name_to_whoever_asks_for_it_himself() -> None:
    tombstone = record(state="destroyed", destroyed_at=NOW)
    assert requested(tombstone, request(branch="x"), NOW).branch == "x"
    with pytest.raises(BoundElsewhereError):
        requested(tombstone, request(branch="x", revive=False), NOW)


@pytest.mark.parametrize("state", ["destroying", "destroyed"])
def test_only_an_explicit_create_begins_a_new_life(state: str) -> None:
    gone = record(
        state=state,
        seeded=True,
        hold=HOLD,
        failures=2,
        deployed_until=NOW,
        destroyed_at=NOW if state[-2] == "e" else None,
    )
    with pytest.raises(GoneError, match=r"(was destroyed at 2026-11-20T00:00:00Z|is being destroyed)[.] .* --branch"):
        requested(gone, request(revive=False), NOW + DAY)
    revived = requested(gone, request(), NOW + DAY)
    assert (revived.state, revived.created_at, revived.seeded, revived.hold) == ("creating", NOW + DAY, False, None)
    assert (revived.failures, revived.destroyed_at, revived.branch_gone_at) == (0, None, None)
    assert (revived.version, revived.deployed_until) == (3, NOW)


def test_quarantine_is_a_persons_to_end() -> None:
    quarantined = record(state="quarantined", failures=5, problem="a role stays")
    changes = (
        lambda: requested(quarantined, request(), NOW),
        lambda: extended(quarantined, DAY, NOW),
        lambda: held(quarantined, HOLD),
    )
    for change in changes:
        with pytest.raises(QuarantinedError, match=r"5 failed destroys \(a role stays\).* tee-infra repair feature-x"):
            change()


def test_deployed_remembers_the_latest_end_that_tags_say() -> None:
    done = deployed(record(state="creating"), NOW + DAY)
    assert (done.state, done.deployed_until) == ("active", NOW + DAY)
    assert deployed(done, NOW + HOUR).deployed_until == NOW + DAY


@pytest.mark.parametrize("state", ["destroying", "destroyed", "quarantined"])
def test_what_was_destroyed_meanwhile_does_not_become_active(state: str) -> None:
    with pytest.raises((GoneError, QuarantinedError)):
        deployed(record(state=state), NOW)


def test_an_extension_counts_from_now_and_never_shortens() -> None:
    assert extended(record(), 5 * DAY, NOW + HOUR).expires_at == NOW + HOUR + 5 * DAY
    assert extended(record(), HOUR, NOW + HOUR).expires_at == NOW + 72 * HOUR
    assert extended(record(), DAY, NOW + 10 * DAY).expires_at == NOW + 11 * DAY


def test_an_extension_ends_with_the_longest_life() -> None:
    capped = extended(record(), 14 * DAY, NOW + 25 * DAY)
    assert capped.expires_at == NOW + MAX_LIFE
    with pytest.raises(
        LifeOverError, match=r"its lease cannot exceed 30 d from then; nothing was changed[.] .* feature hold feature-x"
    ):
        extended(capped, DAY, NOW + 29 * DAY + 12 * HOUR)
    with pytest.raises(LifeOverError):
        extended(capped, DAY, NOW + 31 * DAY)
    assert extended(capped, HOUR, NOW + 29 * DAY).expires_at == NOW + MAX_LIFE


@pytest.mark.parametrize("state", ["destroying", "destroyed"])
def test_what_is_gone_is_not_extended_nor_held(state: str) -> None:
    for change in (lambda r: extended(r, DAY, NOW), lambda r: held(r, HOLD), released):
        with pytest.raises(GoneError):
            change(record(state=state))


def test_a_hold_lifts_the_mark_and_a_release_lifts_the_hold() -> None:
    kept = held(record(state="marked", marked_at=NOW), HOLD)
    assert (kept.state, kept.marked_at, kept.is_held(NOW)) == ("active", None, True)
    assert released(kept).hold is None
    assert kept.expires_at == record().expires_at


moments = st.timedeltas(timedelta(), timedelta(days=45))
lives = st.timedeltas(MIN_TTL, MAX_TTL)


@given(lived=moments, ttl=lives, asked=lives)
def test_no_extension_shortens_a_lease_or_outlives_the_caps(lived: timedelta, ttl: timedelta, asked: timedelta) -> None:
    before = record(ttl_seconds=int(ttl.total_seconds()))
    try:
        after = extended(before, asked, NOW + lived)
    except LifeOverError:
        assert min(NOW + lived + asked, NOW + MAX_LIFE) <= max(before.expires_at, NOW + lived)
        return
    assert after.expires_at >= before.expires_at - timedelta(seconds=1)
    assert after.expires_at <= min(NOW + lived + MAX_TTL, NOW + MAX_LIFE)


def test_the_quota_counts_what_lives_or_may_live_and_says_what_ends_first() -> None:
    gone = record(environment="feature-gone", state="destroyed")
    known = {
        "feature-a": record(environment="feature-a", ttl_seconds=7200),
        "feature-b": Unreadable(reason="?"),
        "feature-gone": gone,
    }
    check_quota(known, "feature-new", 3, NOW)
    said = (
        r"2 feature environments exist, and .* in Pulumi.dev.yaml is 2; "
        r"the first lease to end is feature-a of ann, in 2 h\."
    )
    with pytest.raises(QuotaError, match=said):
        check_quota(known, "feature-new", 2, NOW)
    with pytest.raises(QuotaError):
        check_quota(known, "feature-gone", 2, NOW)
    check_quota(known, "feature-a", 1, NOW)
    with pytest.raises(QuotaError, match="List them: tee-infra feature list"):
        check_quota({"feature-b": Unreadable(reason="?")}, "feature-new", 1, NOW)
