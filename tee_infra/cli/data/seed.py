"""`tee-infra data seed`."""

from datetime import date, datetime
from typing import Final

import click

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.data.counting import Counting
from tee_infra.cli.data.options import where_options
from tee_infra.cli.data.refusals import RefusedItemFacts, refused_facts, require_none_refused
from tee_infra.cli.default_environment import environment_or_default, optional_environment
from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel, TableNames
from tee_infra.core.codec.refusals import listed
from tee_infra.core.codec.synthetic import DEFAULT_DAY, SyntheticData
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.environments import Environment
from tee_infra.workflows.data.seed import require_no_production, seed_data
from tee_infra.workflows.session.data_session import open_data_session

DEFAULT_MEMBERS: Final = 500
DEFAULT_SEED: Final = 42


class FilledTable(TableNames):
    """A table, how many synthetic items were written to it, and those that it does not take."""

    items: int
    refused: list[RefusedItemFacts]


class DataSeedResult(ResultModel):
    """What was written. The same `seed`, `day` and number of members give the same items."""

    environment: str
    seed: int
    day: date
    members: int
    tables: list[FilledTable]
    seconds: float
    client_cpu_seconds: float


@prints(DataSeedResult)
@click.command()
@optional_environment
@click.option(
    "--members",
    type=click.IntRange(1, 10_000_000),
    default=DEFAULT_MEMBERS,
    metavar="N",
    help=f"Number of synthetic members. Default: {DEFAULT_MEMBERS}.",
)
@click.option(
    "--seed",
    type=int,
    default=DEFAULT_SEED,
    metavar="N",
    help=f"Seed of the generator; another seed, other members. Default: {DEFAULT_SEED}.",
)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    default=DEFAULT_DAY.isoformat(),
    metavar="DATE",
    help=f"Date that the data treats as today. Default: {DEFAULT_DAY.isoformat()}.",
)
@where_options
@json_option
def seed(
    *,
    environment: Environment | None,
    members: int,
    seed: int,
    day: datetime,
    local: bool,
    endpoint_url: str | None,
    as_json: bool,
) -> None:
    """Write synthetic members to an environment.

    Deterministic: the same seed, day and number of members create the same items on any machine, and a second run
    changes nothing. Each member has about seven items in the three tables. Items with other keys are kept.
    """
    output, environment = Output(as_json), environment_or_default(environment, local=local)
    require_no_production(environment)
    session = open_data_session(environment, environment.name, output, local=local, endpoint_url=endpoint_url)
    dynamodb = open_dynamodb(session.connection)
    output.say(f"{members:,} synthetic members, seed {seed}")
    data = SyntheticData(seed, day.date())
    with Counting() as counting:
        seeded = seed_data(dynamodb, environment, copy_side(environment.name).tables, data, members, progress=counting)
    result = DataSeedResult(
        environment=environment.name,
        seed=seed,
        day=data.day,
        members=members,
        tables=[
            FilledTable(
                table=entry.name,
                physical_name=entry.table,
                items=entry.items,
                refused=refused_facts(entry.refused),
            )
            for entry in seeded.tables
        ],
        seconds=seeded.seconds,
        client_cpu_seconds=seeded.client_cpu_seconds,
    )
    rows = [(entry.table, f"{entry.items:,}") for entry in seeded.tables]
    lines = [*table(("TABLE", "ITEMS"), rows), *(line for entry in seeded.tables for line in listed(entry.refused))]
    output.result(result, [*lines, f"done in {seeded.seconds:,.1f} s"])
    require_none_refused("data seed", [(entry.table, entry.refused) for entry in seeded.tables])
