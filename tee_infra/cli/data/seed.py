"""`tee-infra data seed`."""

from dataclasses import asdict
from datetime import datetime

import click

from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import endpoint_option
from tee_infra.cli.options import EnvironmentName, json_option
from tee_infra.cli.output import Output, table
from tee_infra.core.codec.synthetic import DEFAULT_DAY, SyntheticData
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import Environment
from tee_infra.workflows.data.seed import seed_data
from tee_infra.workflows.session.data_connection import connect_data, open_dynamodb


@click.command()
@click.option("--env", "environment", type=EnvironmentName(), required=True, help="The environment to fill.")
@click.option("--members", type=click.IntRange(1), default=500, show_default=True, help="How many people.")
@click.option("--seed", type=int, default=42, show_default=True, help="Which people: another seed, other people.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    default=DEFAULT_DAY.isoformat(),
    show_default=True,
    help="What the data takes for today.",
)
@endpoint_option
@json_option
def seed(
    *, environment: Environment, members: int, seed: int, day: datetime, endpoint_url: str | None, as_json: bool
) -> None:
    """Fill an environment with synthetic items.

    The same seed, day and number of members give the same items on any machine; a second run changes nothing. About
    seven items a member over the three tables. Items under other keys are left alone.
    """
    output = Output(as_json)
    dynamodb = open_dynamodb(connect_data(environment, endpoint_url))
    output.say(f"{environment.name} at {dynamodb.endpoint}: {members:,} synthetic members, seed {seed}")
    data = SyntheticData(seed, day.date())
    with Counting() as counting:
        seeded = seed_data(dynamodb, environment, copy_side(environment.name).tables, data, members, progress=counting)
    facts = {"environment": environment.name, "seed": seed, "day": data.day.isoformat(), "members": members}
    rows = [(entry.table, f"{entry.items:,}") for entry in seeded.tables]
    output.result(facts | asdict(seeded), [*table(("TABLE", "ITEMS"), rows), f"done in {seeded.seconds:,.1f} s"])
