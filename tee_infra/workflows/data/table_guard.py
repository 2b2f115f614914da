"""What the tables of a copy are, read before its first item and again after its last."""

from collections.abc import Sequence

from tee_infra.aws.dynamodb import DynamoDb, NoTableError
from tee_infra.core.data.copy_policy import CopySide, check_arn, check_same, check_tables
from tee_infra.core.data.table_identity import TableIdentity
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import PartialError


class TableReplacedError(PartialError):
    """A table was created again during a copy: some items were read from, or written to, another table of that name."""

    def __init__(self, table: str, what: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: {what} during the copy, so the copy is of no one table. The items that were written are kept",
            next="Run the same command again without --resume",
        )


def guard_copy(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[tuple[TableFacts, TableFacts]],
    *,
    anonymized: bool,
) -> None:
    """Check what these tables are before they are copied or repaired. Raises as `check_arn` and `check_tables` do."""
    check_tables(ends, _identities(source, target, ends, tables), anonymized=anonymized)


def guard_comparison(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[tuple[TableFacts, TableFacts]],
) -> None:
    """Check that two tables are compared, and not one with itself. Raises as `check_arn` and `check_same` do."""
    check_same(ends, _identities(source, target, ends, tables))


def require_unchanged(dynamodb: DynamoDb, table: TableFacts) -> None:
    """Check that the table is the one that the copy began with. Raises `TableReplacedError`, `DynamoDbError`."""
    try:
        now = dynamodb.table(table.name)
    except NoTableError:
        raise TableReplacedError(table.name, "the table was deleted") from None
    if (now.id, now.arn, now.created) != (table.id, table.arn, table.created):
        raise TableReplacedError(table.name, "the table was deleted and created again")


def _identities(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[tuple[TableFacts, TableFacts]],
) -> list[tuple[TableIdentity, TableIdentity]]:
    for one, two in tables:
        check_arn(ends[0], one.arn)
        check_arn(ends[1], two.arn)
    return [(source.identity(one), target.identity(two)) for one, two in tables]
