"""Extend the lease of a feature environment, hold it, release it. Needs no engine."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tee_infra.core.lifecycle.lease import MAX_LIFE
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.lifecycle.transitions import extended, held, released
from tee_infra.core.times import render_duration, render_time
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.control.records import change_record
from tee_infra.workflows.features.context import FeatureContext


@dataclass(frozen=True, kw_only=True)
class Extended:
    """A record with its new lease. `capped`: the reason for an end earlier than requested, else empty."""

    record: FeatureRecord
    capped: str


def extend_lease(context: FeatureContext, environment: str, ttl: timedelta, now: datetime) -> Extended:
    """Extend the lease to `ttl` from now; never shortens it. Counts as an activity.

    Raises as `change_record` and `core.lifecycle.transitions.extended` do.
    """
    with recorded(context.control, context.actor, environment, "extend") as details:
        record = change_record(context.control, environment, lambda found: extended(found, ttl, now))
        capped = ""
        if record.expires_at < now + ttl:
            life = f"at most {render_duration(MAX_LIFE)} after its creation ({render_time(record.created_at)})"
            capped = f"{environment}: the lease is shorter than {render_duration(ttl)}: {life}"
        details += [f"until {render_time(record.expires_at)}", *filter(None, [capped])]
    return Extended(record=record, capped=capped)


def hold_environment(
    context: FeatureContext, environment: str, reason: str, duration: timedelta, now: datetime
) -> FeatureRecord:
    """Hold the environment for `duration` in the name of the current user; overrides the lease.

    A second hold replaces the first. Raises as `change_record` and `core.lifecycle.transitions.held` do.
    """
    hold = Hold(reason=reason, until=now + duration, by=context.actor.who)
    with recorded(context.control, context.actor, environment, "hold") as details:
        details.append(f"until {render_time(hold.until)}: {reason}")
        return change_record(context.control, environment, lambda found: held(found, hold))


def release_environment(context: FeatureContext, environment: str) -> FeatureRecord:
    """Release a hold, if any. Raises as `change_record` and `core.lifecycle.transitions.released` do."""
    with recorded(context.control, context.actor, environment, "release"):
        return change_record(context.control, environment, released)
