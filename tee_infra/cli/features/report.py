"""Text of the `feature` commands for people: reports and confirmations."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tee_infra.cli.output import Output, confirm_by_name, refill_lines, run_lines, table
from tee_infra.core.app_config import table_names
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.lifecycle.lease import warning
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import render_left, render_time
from tee_infra.errors import UsageError
from tee_infra.workflows.features.context import FeatureContext, open_feature_context
from tee_infra.workflows.session.apply import Confirm
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import open_host_session


def open_context(output: Output, name: str = FEATURE_HOST, *, local: bool) -> FeatureContext:
    """The context of this checkout's feature environments; prints the target of `name`, or of all, first."""
    environment = parse_environment(name)
    return open_feature_context(open_host_session(find_project(Path.cwd()), environment, output, local=local))


def require_feature(environment: Environment) -> str:
    """Its name. Raises `UsageError` for a permanent environment."""
    if not environment.is_feature:
        raise UsageError(f"{environment.name}: permanent environment; only feature environments have a lease")
    return environment.name


def confirm_losses(output: Output, name: str, *, yes: bool) -> Confirm:
    """Show a plan and ask for confirmation before a resource is deleted or replaced; additions need none."""

    def confirm(plan: EngineRun) -> None:
        if not plan.destructive:
            return
        for line in run_lines(plan):
            output.say(line)
        lost = ", ".join(change.name for change in plan.destructive)
        confirm_by_name(output, name, f"This deletes or replaces {lost}.", yes=yes)

    return confirm


def lease_line(record: FeatureRecord, now: datetime) -> str:
    """The end of the lease, the time left and the hold; or when the environment was destroyed."""
    if record.destroyed_at is not None:
        return f"destroyed {render_time(record.destroyed_at)} ({render_left(record.destroyed_at, now)})"
    end = f"{render_time(record.expires_at)} ({render_left(record.expires_at, now)})"
    close = (
        f"; ends soon, to extend it: tee-infra feature extend {record.environment} --ttl 72h"
        if warning(record.expires_at, now)
        else ""
    )
    said = f"lease expired {end}" if now >= record.expires_at else f"lease until {end}{close}"
    if record.hold is not None and record.is_held(now):
        said += f"; held until {render_time(record.hold.until)} by {record.hold.by}: {record.hold.reason}"
    return said


def about_lines(record: FeatureRecord, now: datetime) -> list[str]:
    """Branch, owner, lease and initial data."""
    return [
        f"  branch {record.branch} of {record.repository}, owner {record.owner}",
        f"  {lease_line(record, now)}",
        f"  {_data(record)}",
    ]


def created_lines(record: FeatureRecord, plan: EngineRun, app: Mapping[str, str], now: datetime) -> list[str]:
    """The report of `feature create`."""
    tables = list(table_names(parse_environment(record.environment)).items())
    return [
        f"{record.environment}: ready, {plan.report()}",
        *about_lines(record, now),
        *refill_lines(parse_environment(record.environment), plan),
        "",
        *table(("TABLE", "PHYSICAL NAME"), tables),
        "",
        "To use it:",
        f"  tee-infra run {record.environment} -- yarn web",
        *(f"  export {name}={shlex.quote(value)}" for name, value in app.items()),
    ]


def _data(record: FeatureRecord) -> str:
    if record.seeded:
        return f"initial data: {record.seed}"
    return "initial data: none" if record.seed == "none" else f"initial data: {record.seed}, not written yet"
