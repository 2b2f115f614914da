"""The JSON view of a feature environment: the same fields from every command."""

from datetime import datetime
from typing import Any

from tee_infra.core.app_config import table_names
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.lease import warning
from tee_infra.core.lifecycle.record import FeatureRecord, Hold
from tee_infra.core.lifecycle.transitions import living
from tee_infra.core.review.facts import Quota
from tee_infra.core.times import render_time
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.session.app_variables import app_environment


def feature_facts(context: FeatureContext, record: FeatureRecord, now: datetime) -> dict[str, Any]:
    """The JSON fields. Times as RFC 3339; `warning`: the lease ends within this number of hours, else None."""
    environment = parse_environment(record.environment)
    left = warning(record.expires_at, now) if record.live else None
    return {
        "environment": record.environment,
        "branch": record.branch,
        "repository": record.repository,
        "owner": record.owner,
        "state": record.state,
        "created_at": render_time(record.created_at),
        "last_activity": render_time(record.last_activity),
        "expires_at": render_time(record.expires_at),
        "expired": now >= record.expires_at,
        "warning": int(left.total_seconds() // 3600) if left else None,
        "hold": _hold(record.hold) if record.is_held(now) and record.hold else None,
        "seed": record.seed,
        "seeded": record.seeded,
        "head": record.head,
        "destroyed_at": render_time(record.destroyed_at) if record.destroyed_at else None,
        "problem": record.problem or None,
        "tables": table_names(environment),
        "app": app_environment(context.project, environment, use_local=context.target.embedded),
        "target": context.target.describe(),
    }


def quota_of(context: FeatureContext, environment: str) -> Quota:
    """The number of live feature environments, including `environment`, and its limit. Raises `AwsError`."""
    alive = living(context.control.listing().records)
    return Quota(used=len(alive.keys() | {environment}), limit=context.host.max_feature_environments)


def unknown_facts(environment: str) -> dict[str, Any]:
    """The JSON fields of an environment whose record cannot be read."""
    empty = dict.fromkeys(("branch", "owner", "state", "expires_at", "hold"))
    return {"environment": environment, **empty, "tables": {}, "app": {}}


def _hold(hold: Hold) -> dict[str, str]:
    return {"reason": hold.reason, "until": render_time(hold.until), "by": hold.by}
