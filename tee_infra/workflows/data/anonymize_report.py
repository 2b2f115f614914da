"""Report how the attributes of live tables would be anonymized, from a sample of their items."""

from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Event
from typing import Final

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.anonymize_report import AttributeReport, report_attributes
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.data.table_io import TableAccess, scan_pages

SAMPLE_ITEMS: Final = 1000


class UnclassifiedAttributesError(RefusedError):
    """Sampled items have attributes that the catalog does not classify: `table.attribute (type)` each."""

    def __init__(self, attributes: Sequence[str]) -> None:
        self.attributes = list(attributes)
        super().__init__(
            f"unclassified attributes may contain personal data: {', '.join(attributes)}. Nothing was written",
            next="Classify each in tee_infra/core/tables/item_shapes.py, then run the same command again",
        )


def report_table(name: str, side: TableAccess, sample: int = SAMPLE_ITEMS) -> list[AttributeReport]:
    """The replacement of each attribute in the first `sample` items, without any value. Raises `UsageError`."""
    table = catalog_table(name)
    with side.requests(Event(), Backoff()) as requests:
        pages = scan_pages(requests, side.table.name, extra={"Limit": sample})
        items: Iterator[RawItem] = (item for page in pages for item in page.items)
        return report_attributes(table, islice(items, sample))


def check_shapes(sides: Sequence[tuple[str, TableAccess]]) -> None:
    """Refuse unclassified attributes in samples of all tables before the first write.

    Raises `UnclassifiedAttributesError`, which names every attribute at once.
    """
    found = [
        f"{name}.{entry.attribute} ({', '.join(entry.refused)})"
        for name, side in sides
        for entry in report_table(name, side)
        if entry.refused
    ]
    if found:
        raise UnclassifiedAttributesError(found)


def catalog_table(name: str) -> Table:
    """The catalog's table for a logical or a physical name.

    Raises `UsageError` for any other table: the catalog does not classify its attributes.
    """
    for table in TABLES:
        if name == table.name or name.endswith(f"-{table.name}"):
            return table
    raise UsageError(
        f"table {name!r}: not in the catalog, so its personal data is unknown. Nothing was written. "
        f"Allowed: {', '.join(table.name for table in TABLES)}"
    )
