"""`tee-infra migrate throttle`, `pause` and `continue`."""

import re
from typing import Any

import click

from tee_infra.cli.cutover.options import open_control
from tee_infra.cli.options import environment_argument, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.core.environments import Environment
from tee_infra.errors import UsageError
from tee_infra.workflows.cutover.orders import give_orders


class OrderedReplication(ResultModel):
    """A replication and the orders that it has now; a running one obeys within seconds, a later one from its start."""

    source: str
    target: str
    percent: int
    paused: bool


class MigrateOrdersResult(ResultModel):
    """Every replication from or to a slot of the environment."""

    replications: list[OrderedReplication]


class Percent(click.ParamType[int]):
    """A share of the rate, `30%`."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ARG002
        """Read `value`. Raises `UsageError`."""
        found = re.fullmatch(r"([1-9][0-9]?|100)%", str(value), re.ASCII)
        if found is None:
            raise UsageError(f"{value!r} is not a rate from 1% to 100%. Nothing was changed")
        return int(found[1])


@prints(MigrateOrdersResult)
@click.command()
@environment_argument
@click.argument("percent", type=Percent(), metavar="PERCENT")
@local_option
@json_option
def throttle(*, environment: Environment, percent: int, local: bool, as_json: bool) -> None:
    """Limit replications to a share of their rate.

    PERCENT is e.g. 30%; 100% is the full rate again. A running replication obeys within seconds.
    """
    _order(environment, {"percent": percent}, local=local, as_json=as_json)


@prints(MigrateOrdersResult)
@click.command()
@environment_argument
@local_option
@json_option
def pause(*, environment: Environment, local: bool, as_json: bool) -> None:
    """Pause the replications of an environment.

    Continue within hours: a stream keeps its records for 24 hours, and a pause beyond that copies everything again.
    """
    _order(environment, {"paused": True}, local=local, as_json=as_json)


@prints(MigrateOrdersResult)
@click.command("continue")
@environment_argument
@local_option
@json_option
def continue_command(*, environment: Environment, local: bool, as_json: bool) -> None:
    """Continue the replications of an environment."""
    _order(environment, {"paused": False}, local=local, as_json=as_json)


def _order(environment: Environment, change: dict[str, Any], *, local: bool, as_json: bool) -> None:
    output = Output(as_json)
    given = give_orders(open_control(environment, output, local=local), environment, change)
    replications = [
        OrderedReplication(source=source, target=target, percent=orders.percent, paused=orders.paused)
        for (source, target), orders in given.items()
    ]
    lines = [
        f"{each.source} -> {each.target}: {'paused' if each.paused else 'running'}, {each.percent} % of the rate"
        for each in replications
    ]
    output.result(MigrateOrdersResult(replications=replications), lines)
