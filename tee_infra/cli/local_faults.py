"""`tee-infra local fault …` and `local clock`: what DynamoDB does and an emulator does not, on command."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from tee_infra import local as local_aws
from tee_infra.cli.cutover.orders import Percent
from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel, Time
from tee_infra.core.times import render_duration, render_time
from tee_infra.errors import UsageError
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import find_project

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType[timedelta]):
    """`5s`, `90m`, `49h`, `2d`; the faults of an emulator last seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ARG002
        """Read `value`. Raises `UsageError`."""
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value), re.ASCII)
        if found is None:
            raise UsageError(f"{value!r} is not a duration, e.g. 5s, 90m or 49h. Nothing was changed")
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Move(click.ParamType[timedelta | None]):
    """`+49h`, or `reset`, which is None."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta | None:
        """Read `value`. Raises `UsageError`."""
        if value == "reset":
            return None
        if not str(value).startswith("+"):
            raise UsageError(f"{value!r} is not a move of the clock, e.g. +49h, or reset. Nothing was changed")
        return Duration().convert(str(value)[1:], param, ctx)


table_argument = click.argument("table", metavar="TABLE")


class LocalFaultShardsResult(ResultModel):
    """How many shards of a table's stream are open now."""

    physical_name: str
    open_shards: int


class LocalFaultTrimResult(ResultModel):
    """How many records a table's stream has lost."""

    physical_name: str
    trimmed_records: int


class LateWrites(ResultModel):
    """A share of a table's writes that have no answer and land `seconds` later."""

    table: str
    percent: int
    seconds: float


class ThrottledTable(ResultModel):
    """A table of which a share of the requests is throttled; null: those beyond its maximum throughput."""

    table: str
    percent: int | None


class LocalFaultsResult(ResultModel):
    """The faults that are set now, and how many late writes have not landed. Tables by their names in AWS.

    `policy_delay_seconds`: how long a change of a table's policy takes until it has effect.
    """

    late: list[LateWrites]
    throttled: list[ThrottledTable]
    late_writes_waiting: int
    policy_delay_seconds: float


class LocalClockResult(ResultModel):
    """The time of the embedded AWS, how far it is ahead, and how many items have expired by the move."""

    now: Time
    ahead_seconds: float
    expired_items: int


@click.group()
def fault() -> None:
    """Make the embedded AWS fail as DynamoDB does.

    TABLE is a table's name in AWS, e.g. dev-tee-admin. Faults end when they
    are cleared or the embedded AWS stops; trimmed records are lost for good.
    """


@prints(LocalFaultShardsResult)
@fault.command()
@table_argument
@json_option
def split(table: str, as_json: bool) -> None:
    """Close a stream's open shards, each continued by two."""
    _continue(table, 2, as_json=as_json)


@prints(LocalFaultShardsResult)
@fault.command()
@table_argument
@json_option
def close(table: str, as_json: bool) -> None:
    """Close a stream's open shards, each continued by one."""
    _continue(table, 1, as_json=as_json)


@prints(LocalFaultTrimResult)
@fault.command()
@table_argument
@json_option
def trim(table: str, as_json: bool) -> None:
    """Remove every record of a stream, as if a day had passed."""
    lost = control("trim", table=table)["trimmed_records"]
    result = LocalFaultTrimResult(physical_name=table, trimmed_records=lost)
    Output(as_json).result(result, [f"{table}: {lost:,} stream records trimmed"])


@prints(LocalFaultsResult)
@fault.command()
@table_argument
@click.argument("percent", type=Percent(), metavar="PERCENT")
@click.argument("duration", type=Duration(), metavar="DURATION")
@json_option
def late(*, table: str, percent: int, duration: timedelta, as_json: bool) -> None:
    """Let a share of a table's writes land late, unanswered.

    E.g. dev-tee-admin 20% 5s. A write lands after DURATION even if its client
    has repeated it or has ended.
    """
    _show(control("late", table=table, percent=percent, seconds=duration.total_seconds()), as_json=as_json)


@prints(LocalFaultsResult)
@fault.command()
@table_argument
@click.argument("percent", type=Percent(), metavar="[PERCENT]", required=False)
@json_option
def throttle(*, table: str, percent: int | None, as_json: bool) -> None:
    """Throttle a table at its caps, or PERCENT of its requests."""
    _show(control("throttle", table=table, percent=percent), as_json=as_json)


@prints(LocalFaultsResult)
@fault.command("policy-delay")
@click.argument("duration", type=Duration(), metavar="DURATION")
@json_option
def policy_delay(*, duration: timedelta, as_json: bool) -> None:
    """Let changes of table policies take effect after DURATION.

    A policy that is given at CreateTable has effect at once. Changes that were
    made before keep their time.
    """
    _show(control("delay policies", seconds=duration.total_seconds()), as_json=as_json)


@prints(LocalFaultsResult)
@fault.command()
@json_option
def clear(as_json: bool) -> None:
    """End all faults; late writes still land."""
    _show(control("clear"), as_json=as_json)


@prints(LocalClockResult)
@click.command()
@click.argument("duration", type=Move(), metavar="DURATION")
@json_option
def clock(*, duration: timedelta | None, as_json: bool) -> None:
    """Move the clock of the embedded AWS ahead.

    DURATION is e.g. +49h; reset is this machine's time again. Items whose time
    to live has passed are deleted.
    """
    answer = control("reset") if duration is None else control("move", seconds=duration.total_seconds())
    now = datetime.fromtimestamp(answer["now"], UTC)
    result = LocalClockResult(now=now, ahead_seconds=answer["ahead_seconds"], expired_items=answer["expired_items"])
    ahead = render_duration(timedelta(seconds=result.ahead_seconds))
    line = f"embedded AWS: its time is {render_time(now)}, {ahead} ahead; {result.expired_items:,} items have expired"
    Output(as_json).result(result, [line])


def control(action: str, **arguments: Any) -> dict[str, Any]:
    """Send a control request to the embedded AWS of this checkout."""
    return local_aws.send_control(embedded_aws.require(find_project(Path.cwd())), action, **arguments)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    result = LocalFaultsResult.model_validate(answer)
    lines = [f"{each.table}: {each.percent}% of its writes land {each.seconds:g} s later" for each in result.late]
    for each in result.throttled:
        what = "requests beyond its maximum throughput" if each.percent is None else f"{each.percent}% of its requests"
        lines.append(f"{each.table}: {what} are throttled")
    if result.policy_delay_seconds:
        lines.append(f"changes of table policies take effect after {result.policy_delay_seconds:g} s")
    if result.late_writes_waiting:
        lines.append(f"late writes that have not landed: {result.late_writes_waiting}")
    Output(as_json).result(result, lines or ["no fault is set"])


def _continue(table: str, parts: int, *, as_json: bool) -> None:
    found = control("split", table=table, parts=parts)["open_shards"]
    result = LocalFaultShardsResult(physical_name=table, open_shards=found)
    Output(as_json).result(result, [f"{table}: its stream has {found} open shards"])
