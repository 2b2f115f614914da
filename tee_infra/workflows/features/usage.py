"""Existence and size of feature environments' tables in AWS."""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Event
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb, NoTableError
from tee_infra.core.data.copy_policy import copy_side
from tee_infra.core.tables.description import TableFacts
from tee_infra.workflows.data.workers import run_all

_THREADS: Final = 8


@dataclass(frozen=True, kw_only=True)
class TableUsage:
    """Usage of an environment's tables, up to six hours old: `size` in bytes, with the indexes.

    `there` and `missing` are the physical names of existing and of missing tables.
    """

    items: int
    size: int
    there: tuple[str, ...]
    missing: tuple[str, ...]


def table_usage(dynamodb: DynamoDb, environments: Iterable[str]) -> dict[str, TableUsage]:
    """The usage of each feature environment, one DescribeTable per table. Raises `DynamoDbError`."""
    tables = {environment: tuple(copy_side(environment).tables.values()) for environment in environments}
    names = [name for of_one in tables.values() for name in of_one]

    def describe(name: str, _stop: Event) -> TableFacts | None:
        try:
            return dynamodb.table(name)
        except NoTableError:
            return None

    facts = dict(zip(names, run_all(names, describe, _THREADS), strict=True))
    return {environment: _stored({name: facts[name] for name in of_one}) for environment, of_one in tables.items()}


def _stored(tables: dict[str, TableFacts | None]) -> TableUsage:
    there = [table for table in tables.values() if table is not None]
    return TableUsage(
        items=sum(table.items for table in there),
        size=sum(table.size + table.indexes_size for table in there),
        there=tuple(table.name for table in there),
        missing=tuple(name for name, table in tables.items() if table is None),
    )
