"""Compare the tables of two environments, and optionally write missing items."""

from collections.abc import Sequence

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.core.data.comparison import CompareOptions, Comparison
from tee_infra.core.data.copy_policy import CopySide, DifferentKeysError, check_sides, pair_tables
from tee_infra.workflows.data.compare_tables import compare_tables
from tee_infra.workflows.data.table_guard import guard_comparison, guard_copy
from tee_infra.workflows.data.table_io import TableAccess


def validate_tables(
    source: DynamoDb,
    target: DynamoDb,
    ends: tuple[CopySide, CopySide],
    tables: Sequence[str],
    *,
    transport: TransportName | None,
    repair_missing: bool = False,
) -> dict[str, Comparison]:
    """Logical table name -> comparison with the target. `tables` are logical names, none for all.

    Comparing two tables is always allowed. Repairing writes, so it follows the rules of copying. Raises as
    `check_sides`, `pair_tables`, `guard_copy` and `guard_comparison` do, and `DifferentKeysError`.
    """
    if repair_missing:
        check_sides(*ends, anonymized=False)
    mine, its = source.transport(transport), target.transport(transport)
    pairs = {name: (source.table(here), target.table(there)) for name, here, there in pair_tables(*ends, tables)}
    if repair_missing:
        guard_copy(source, target, ends, list(pairs.values()), anonymized=False)
    else:
        guard_comparison(source, target, ends, list(pairs.values()))
    found: dict[str, Comparison] = {}
    for name, (here, there) in pairs.items():
        sides = TableAccess(mine, here), TableAccess(its, there)
        if sides[0].table.key != sides[1].table.key:
            raise DifferentKeysError(sides[0].table, sides[1].table)
        found[name] = compare_tables(*sides, CompareOptions(repair_missing=repair_missing))
    return found
