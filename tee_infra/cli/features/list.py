"""`tee-infra feature list | show`."""

import shlex
from datetime import datetime, timedelta
from typing import Final, Literal

import click
from pydantic import RootModel

from tee_infra.cli.default_environment import feature_or_default, optional_feature
from tee_infra.cli.features.report import about_lines, open_context, require_feature
from tee_infra.cli.options import json_option, local_option, now_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import FeatureFacts, Outputs, ResultModel, Time
from tee_infra.core.cost.environment import PRICES_AS_OF
from tee_infra.core.environments import Environment
from tee_infra.core.lifecycle.history import HistoryEntry
from tee_infra.core.lifecycle.lease import warning
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import render_left, render_time
from tee_infra.workflows.features.list import FeatureRow, list_features, show_feature

_HEADINGS: Final = ("ENVIRONMENT", "BRANCH", "OWNER", "STATE", "LEASE ENDS", "HELD", "ITEMS", "USD/MONTH", "LOCKED BY")


class LockFacts(ResultModel):
    """Who changes the environment right now, with which command, and since when."""

    holder: str
    purpose: str
    since: Time


class FeatureRowFacts(FeatureFacts):
    """A feature environment with what it holds (`items` and `bytes`, up to six hours old), lacks and costs."""

    items: int | None
    bytes: int | None
    missing: list[str]
    monthly_usd: float | None
    lock: LockFacts | None


class FeatureListResult(RootModel[list[FeatureRowFacts]]):
    """The feature environments; those whose record cannot be read come first."""


class EntryFacts(ResultModel):
    """One thing that was done to an environment: what, by whom, where, and how it ended."""

    environment: str
    action: str
    result: Literal["begun", "done", "failed", "refused"]
    when: Time
    who: str
    where: str
    detail: str


class FeatureShowResult(FeatureRowFacts):
    """One feature environment, what its stack exports, and the last of what was done to it."""

    outputs: Outputs
    history: list[EntryFacts]


@prints(FeatureListResult)
@click.command("list")
@click.option("--all", "tombstones", is_flag=True, help="Also list destroyed environments.")
@local_option
@now_option
@json_option
def list_command(*, tombstones: bool, local: bool, now: datetime | None, as_json: bool) -> None:
    """List the feature environments.

    Sorted by the end of the lease: `!` marks a lease that ends within 48 hours, `!!` within two hours. Item counts are
    up to six hours old. The cost is an estimate of the storage at list prices, without requests.
    """
    output = Output(as_json)
    context = open_context(output, local=local)
    moment = context.at(now)
    listed = list_features(context, tombstones=tombstones)
    result = FeatureListResult.model_validate([entry.facts(context, moment) for entry in listed])
    output.result(result, _lines(listed, moment, context.host.max_feature_environments))


@prints(FeatureShowResult)
@click.command()
@optional_feature
@local_option
@now_option
@json_option
def show(*, environment: Environment | None, local: bool, now: datetime | None, as_json: bool) -> None:
    """Show lease, tables, outputs and history."""
    output = Output(as_json)
    name = require_feature(feature_or_default(environment, local=local))
    context = open_context(output, name, local=local)
    moment = context.at(now)
    shown = show_feature(context, name)
    facts = shown.listed.facts(context, moment)
    result = FeatureShowResult.model_validate(facts | {"outputs": shown.outputs, "history": shown.history})
    lines = [
        f"{name} ({shown.record.state})",
        *about_lines(shown.record, moment),
        "",
        *_about_tables(shown.listed, result.tables),
    ]
    lines += ["", "OUTPUTS", *(f"  {key}: {value}" for key, value in shown.outputs.items())]
    lines += ["", "HISTORY", *(f"  {_told(entry)}" for entry in shown.history)]
    output.result(result, lines)


def _lines(listed: list[FeatureRow], now: datetime, limit: int) -> list[str]:
    known = [(entry, entry.record) for entry in listed if entry.record]
    rows = [_row(entry, record, now) for entry, record in known]
    live = [entry for entry, record in known if record.live]
    lines = [f"{entry.environment}: {entry.problem}" for entry in listed if entry.record is None]
    lines += table(_HEADINGS, rows) if rows else ["no feature environments"]
    lines += [f"{entry.environment}: {entry.problem}" for entry, _ in known if entry.problem]
    for entry in live:
        if entry.table_usage and entry.table_usage.missing and entry.record and entry.record.state == "active":
            again = f"tee-infra feature create --branch {shlex.quote(entry.record.branch)}"
            lines.append(
                f"{entry.environment}: missing tables: {', '.join(entry.table_usage.missing)}. To create them: {again}"
            )
    cost = sum(entry.monthly_usd or 0.0 for entry in live)
    return [
        *lines,
        "",
        f"{len(live)} of {limit}, about ${cost:,.2f} a month for storage (list prices of {PRICES_AS_OF})",
    ]


def _row(entry: FeatureRow, record: FeatureRecord, now: datetime) -> tuple[str, ...]:
    held = record.hold if record.is_held(now) else None
    return (
        record.environment,
        record.branch,
        record.owner,
        record.state,
        _end(record, now),
        f"until {render_time(held.until)}" if held else "",
        f"{entry.table_usage.items:,}" if entry.table_usage else "",
        f"{entry.monthly_usd:,.2f}" if entry.monthly_usd is not None else "",
        entry.lock.holder if entry.lock else "",
    )


def _end(record: FeatureRecord, now: datetime) -> str:
    if record.destroyed_at is not None:
        return f"destroyed {render_left(record.destroyed_at, now)}"
    mark = {None: "", timedelta(hours=48): " !", timedelta(hours=2): " !!"}[warning(record.expires_at, now)]
    return render_left(record.expires_at, now) + mark


def _about_tables(listed: FeatureRow, tables: dict[str, str]) -> list[str]:
    missing = set(listed.table_usage.missing) if listed.table_usage else set(tables.values())
    rows = [(logical, physical, "missing" if physical in missing else "exists") for logical, physical in tables.items()]
    lines = table(("TABLE", "PHYSICAL NAME", ""), rows)
    if listed.table_usage and listed.monthly_usd is not None:
        held = f"{listed.table_usage.items:,} items, {listed.table_usage.size:,} bytes with indexes"
        lines.append(f"{held}; about ${listed.monthly_usd:,.2f} a month for storage (list prices of {PRICES_AS_OF})")
    if listed.lock:
        since = render_time(listed.lock.acquired_at)
        lines.append(f"locked by {listed.lock.holder} since {since}: {listed.lock.purpose}")
    return [*lines, *filter(None, [listed.problem])]


def _told(entry: HistoryEntry) -> str:
    detail = f": {entry.detail}" if entry.detail else ""
    return f"{render_time(entry.when)} {entry.action} {entry.result} by {entry.who} on {entry.where}{detail}"
