"""How long a feature environment lives: extend its lease, hold it against cleanup, release it. No engine needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tee_infra.core.lifecycle.lease import MAX_LIFE
from tee_infra.core.lifecycle.record import Hold, Record
from tee_infra.core.lifecycle.transitions import extended, held, released
from tee_infra.core.times import render_duration, render_time
from tee_infra.workflows.control.history import audited
from tee_infra.workflows.control.records import change_record
from tee_infra.workflows.features.context import Home


@dataclass(frozen=True, kw_only=True)
class Extended:
    """A record with its new end. `capped`: why it ends earlier than was asked for; empty when it does not."""

    record: Record
    capped: str


def extend_lease(home: Home, environment: str, ttl: timedelta, now: datetime) -> Extended:
    """Let the lease run for `ttl` from now, and never shorter than before. An activity.

    Raises as `change_record` and `core.lifecycle.transitions.extended` do.
    """
    with audited(home.control, home.actor, environment, "extend") as details:
        record = change_record(home.control, environment, lambda found: extended(found, ttl, now))
        capped = ""
        if record.expires_at < now + ttl:
            life = f"none lives longer than {render_duration(MAX_LIFE)}"
            capped = (
                f"that is less than {render_duration(ttl)}: {life}, and it was created {render_time(record.created_at)}"
            )
        details += [f"until {render_time(record.expires_at)}", *filter(None, [capped])]
    return Extended(record=record, capped=capped)


def hold_environment(home: Home, environment: str, reason: str, duration: timedelta, now: datetime) -> Record:
    """Keep it for `duration` whatever its lease says, in the name of whoever runs this.

    A second hold replaces the first. Raises as `change_record` and `core.lifecycle.transitions.held` do.
    """
    hold = Hold(reason=reason, until=now + duration, by=home.actor.who)
    with audited(home.control, home.actor, environment, "hold") as details:
        details.append(f"until {render_time(hold.until)}: {reason}")
        return change_record(home.control, environment, lambda found: held(found, hold))


def release_environment(home: Home, environment: str) -> Record:
    """End a hold, if there is one. Raises as `change_record` and `core.lifecycle.transitions.released` do."""
    with audited(home.control, home.actor, environment, "release"):
        return change_record(home.control, environment, released)
