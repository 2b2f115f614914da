"""Copies before any read: permissions, the route, and the estimated cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tee_infra.core import names
from tee_infra.core.data.estimate import Estimate, Route, estimate
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_environment, resolve_stage
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError, UsageError

TABLE_PREFIX: Final = "table:"
AWS_ROUTE_BYTES: Final = 5 * 10**9
"""From this size on AWS's bulk load is cheaper than write requests and not limited by one machine."""


@dataclass(frozen=True, kw_only=True)
class CopySide:
    """One side of a transfer. `tables` maps logical names to physical ones; `environment` is None for a table outside
    every environment."""

    name: str
    environment: Environment | None
    tables: Mapping[str, str]

    @property
    def production(self) -> bool:
        """Whether it is production: by its environment, or as a table with a bare name of the catalog.

        Those are the app's original tables, from before the first environment.
        """
        bare = any(table.name in self.tables.values() for table in TABLES)
        return bare or (self.environment is not None and self.environment.kind.production)

    @property
    def single(self) -> bool:
        """Whether it is one table by its physical name."""
        return self.name.startswith(TABLE_PREFIX)

    def table(self, name: str) -> str:
        """The physical table behind a logical name. Raises `UsageError`."""
        if self.single:
            return next(iter(self.tables))
        if name not in self.tables:
            raise UsageError(f"unknown table {name!r}; allowed: {', '.join(self.tables)}")
        return self.tables[name]


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """One table of a transfer."""

    name: str
    source: TableFacts
    target: TableFacts
    estimate: Estimate
    route: Route


def copy_side(text: str) -> CopySide:
    """Read `--from` and `--to`: an environment, or `table:NAME`, whose environment is read from the name if it has one.

    Raises `UnknownEnvironmentError`.
    """
    if text.startswith(TABLE_PREFIX):
        physical = text.removeprefix(TABLE_PREFIX)
        return CopySide(name=text, environment=_owner(physical), tables={physical: physical})
    environment = resolve_stage(text)
    tables = {table.name: names.table(environment.name, table.name) for table in TABLES}
    return CopySide(name=environment.name, environment=environment, tables=tables)


def check_sides(source: CopySide, target: CopySide, *, anonymized: bool) -> None:
    """Check that this copy is allowed. Raises `ProductionTargetError`, `PlainCopyError`, `UsageError`.

    Production is never a target; data that leaves production is anonymized.
    """
    if target.production:
        raise ProductionTargetError(target.name)
    if source.production and not anonymized:
        raise PlainCopyError(source.name, target.name)


def pair_tables(source: CopySide, target: CopySide, chosen: Sequence[str]) -> list[tuple[str, str, str]]:
    """Logical name, source table and target table of each transfer. `chosen` are logical names; empty means all.

    `table:NAME` pairs with the other environment's table that NAME ends with, unless one is chosen. Raises
    `UsageError` where that is not clear.
    """
    if source.single and target.single:
        return [(name, name, other) for name, other in zip(source.tables, target.tables, strict=True)]
    if source.single or target.single:
        alone = source if source.single else target
        chosen = chosen or [table.name for table in TABLES if next(iter(alone.tables)).endswith(table.name)]
        if len(chosen) != 1:
            raise UsageError(f"{alone.name} is one table", next="Choose the environment's table for it with --tables")
    return [(name, source.table(name), target.table(name)) for name in chosen or source.tables]


def plan_table(name: str, source: TableFacts, target: TableFacts, *, transformed: bool, bucket: bool) -> TablePlan:
    """The plan for one table. Raises `DifferentKeysError`.

    AWS's own route needs a bucket and cannot transform items.
    """
    if (source.key_names, source.key_types) != (target.key_names, target.key_types):
        raise DifferentKeysError(source, target)
    route = "aws" if bucket and not transformed and source.size >= AWS_ROUTE_BYTES else "wire"
    return TablePlan(
        name=name, source=source, target=target, estimate=estimate(source, target.indexes, route), route=route
    )


class ProductionTargetError(RefusedError):
    """A copy never writes to production."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__(
            f"{target} is production, which is never the target of a copy",
            next="To restore lost data: tee-infra backup restore",
        )


class PlainCopyError(RefusedError):
    """Personal data would leave production."""

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target
        super().__init__(
            f"{source} is production: a plain copy would carry personal data to {target}",
            next=f"Copy it anonymized: tee-infra data sync-dev --anonymize --from {source} --to {target}",
        )


class DifferentKeysError(UsageError):
    """The tables' keys differ, so items of one cannot be stored in the other."""

    def __init__(self, source: TableFacts, target: TableFacts) -> None:
        self.source = source
        self.target = target
        super().__init__(
            f"{source.name} has the key {source.key} and {target.name} has {target.key}: "
            "items of one cannot be stored in the other"
        )


def _owner(physical: str) -> Environment | None:
    for table in TABLES:
        if physical.endswith(f"-{table.name}"):
            try:
                return parse_environment(physical.removesuffix(f"-{table.name}"))
            except UnknownEnvironmentError:
                continue
    return None
