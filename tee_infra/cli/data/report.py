"""`tee-infra data anonymize-report`."""

import click
from pydantic import RootModel

from tee_infra.aws.dynamodb import open_dynamodb
from tee_infra.cli.data.options import END, tables_option, where_options
from tee_infra.cli.old_names import renamed_argument
from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.errors import PartialError, UsageError
from tee_infra.workflows.data.anonymize_report import SAMPLE_ITEMS, report_table
from tee_infra.workflows.data.table_io import TableAccess
from tee_infra.workflows.session.data_session import open_data_session
from tee_infra.workflows.session.open_slot import side_of_open_slot


class ReportedAttribute(ResultModel):
    """What an attribute becomes, and in how many sampled items each DynamoDB type was `seen`.

    `refused`: the types for which a copy would stop.
    """

    attribute: str
    becomes: str
    seen: dict[str, int]
    refused: list[str]


class AnonymizeReportResult(RootModel[dict[str, list[ReportedAttribute]]]):
    """Table -> its attributes. Shapes and counts, never a value."""


@prints(AnonymizeReportResult)
@click.command("anonymize-report")
@renamed_argument("source", old="--from", default="prod", metavar="[ENV]", help=f"Source: {END}. Default: prod.")
@tables_option
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=SAMPLE_ITEMS,
    metavar="N",
    help=f"Number of items to sample in each table. Default: {SAMPLE_ITEMS}.",
)
@where_options
@json_option
def anonymize_report(
    *, source: str, tables: tuple[str, ...], sample: int, local: bool, endpoint_url: str | None, as_json: bool
) -> None:
    """Report how each attribute would be anonymized.

    Samples items and shows attribute names, types and counts, never values. Exits 5 if a copy would be refused because
    the catalog does not classify an attribute.
    """
    output = Output(as_json)
    end = copy_side(source)
    if unknown := [name for name in tables if name not in end.tables]:
        raise UsageError(f"unknown table {unknown[0]!r}. Allowed: {', '.join(end.tables)}")
    session = open_data_session(end.environment, end.name, output, local=local, endpoint_url=endpoint_url)
    end = side_of_open_slot(end, session.connection, output.say)
    dynamodb = open_dynamodb(session.connection)
    transport = dynamodb.transport()
    found = {
        name: report_table(name, TableAccess(transport, dynamodb.table(end.tables[name])), sample)
        for name in tables or end.tables
    }
    rows = [
        (name, entry.attribute, entry.becomes, " ".join(f"{kind}:{count}" for kind, count in entry.seen.items()) or "-")
        for name, entries in found.items()
        for entry in entries
    ]
    result = AnonymizeReportResult.model_validate(found, from_attributes=True)
    output.result(result, table(("TABLE", "ATTRIBUTE", "BECOMES", "TYPES SEEN"), rows))
    if refused := [
        f"{name}.{entry.attribute}" for name, entries in found.items() for entry in entries if entry.refused
    ]:
        raise PartialError(
            f"{end.name}: unclassified attributes: {', '.join(refused)}",
            next="Classify them in tee_infra/core/tables/item_shapes.py",
        )
