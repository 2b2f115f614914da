"""An account with many environments of four resources each, for counting requests and seconds."""

from dataclasses import replace
from pathlib import Path

from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems
from tee_infra.aws.control_table import ControlTable
from tee_infra.core.arns import Arns
from tee_infra.core.tables.catalog import TABLES
from tee_infra.workflows.features.context import FeatureContext
from tests.support.homes import MOTOS_ACCOUNT, record_of, tags_of
from tests.support.listing_aws import ListingAws


def account(count: int) -> ListingAws:
    """So many expired environments with their records: two tables, a parameter and a role each."""
    aws = ListingAws()
    records = [record_of(f"feature-x{number:04}", version=1) for number in range(count)]
    for record in records:
        arns = Arns(account_id=MOTOS_ACCOUNT, region="us-east-1", environment=record.environment)
        tables = [arns.table(table) for table in TABLES[:2]]
        aws.tagged |= dict.fromkeys([*tables, arns.parameter("tables", "tee-admin")], tags_of(record.environment))
        aws.tables += [arn.rpartition("/")[2] for arn in tables]
        aws.roles.append(arns.role("app"))
    fields = [record.model_dump(mode="json", exclude_none=True) for record in records]
    aws.items["registry"] = sorted(
        ({"pk": "registry", "sk": record["environment"], "version": 1, "record": record} for record in fields),
        key=lambda item: item["sk"],
    )
    return aws


def write_state(folder: Path, count: int) -> None:
    """An empty file where each stack's checkpoint would be."""
    stacks = folder / "stacks" / "tee-infra"
    stacks.mkdir(parents=True)
    for number in range(count):
        (stacks / f"feature-x{number:04}.json").touch()


def new_head(context: FeatureContext, aws: ListingAws) -> FeatureContext:
    """The same home with its control table, and everything that it lists, in another AWS."""
    connection = replace(context.connection, endpoint=aws.endpoint)
    items = ControlItems.connect(connection)
    return replace(context, connection=connection, control=ControlTable(items), locks=Locks(items))
