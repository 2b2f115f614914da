"""Copies before any read: permissions, the route, and the estimated cost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tee_infra.core import names
from tee_infra.core.data.estimate import Estimate, Route, estimate
from tee_infra.core.data.table_identity import (
    TableIdentity,
    parse_arn,
    production_name,
    production_reason,
    same_table,
)
from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_environment, resolve_stage
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError, UsageError

TABLE_PREFIX: Final = "table:"
_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,255}")
AWS_ROUTE_BYTES: Final = 5 * 10**9
"""From this size on AWS's bulk load is cheaper than write requests and not limited by one machine."""


@dataclass(frozen=True, kw_only=True)
class CopySide:
    """One side of a transfer. `tables` maps logical names to physical ones; `environment` is None for a table outside
    every environment."""

    name: str
    environment: Environment | None
    tables: Mapping[str, str]
    arn: str = ""
    """The ARN that the table was named by; the table must have it."""

    @property
    def production(self) -> str | None:
        """Why it is production by what it is called: by its environment, or by the table's name. None: it is not.

        `check_tables` judges the tables themselves.
        """
        if self.environment is not None and self.environment.kind.production:
            return f"{self.environment.name} is production"
        return next((reason for name in self.tables.values() if (reason := production_name(name))), None)

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

    NAME may be the table's ARN. Raises `UnknownEnvironmentError`, `UsageError`.
    """
    if text.startswith(TABLE_PREFIX):
        return _single_side(text)
    environment = resolve_stage(text)
    tables = {table.name: names.table(environment.name, table.name) for table in TABLES}
    return CopySide(name=environment.name, environment=environment, tables=tables)


def _single_side(text: str) -> CopySide:
    named = text.removeprefix(TABLE_PREFIX)
    arn = parse_arn(named)
    physical = arn.name if arn else named
    if not _TABLE_NAME.fullmatch(physical):
        raise UsageError(
            f"{text}: neither a table's name nor a table's ARN. Nothing was read",
            next="Name the table as DynamoDB does, e.g. table:dev-tee-admin",
        )
    return CopySide(name=text, environment=_owner(physical), tables={physical: physical}, arn=named if arn else "")


def check_sides(source: CopySide, target: CopySide, *, anonymized: bool) -> None:
    """Check that this copy is allowed, by what both sides are called.

    Production is never a target; data that leaves production is anonymized; nothing is copied onto itself. Raises
    `ProductionTargetError`, `PlainCopyError`, `SameTableError`.
    """
    if target.production:
        raise ProductionTargetError(target.name, target.production)
    if source.production and not anonymized:
        raise PlainCopyError(source.name, target.name, source.production)
    if not source.single and source.name == target.name:
        raise SameTableError(source.name, target.name, f"the environment {source.name}")


def check_tables(
    ends: tuple[CopySide, CopySide], pairs: Sequence[tuple[TableIdentity, TableIdentity]], *, anonymized: bool
) -> None:
    """Check the tables themselves by the same rules, and that no table is read and written in one run.

    Raises `ProductionTargetError`, `PlainCopyError`, `SameTableError`.
    """
    check_same(ends, pairs)
    for source, target in pairs:
        if reason := production_reason(target):
            raise ProductionTargetError(target.name, reason)
        if not anonymized and (reason := production_reason(source)):
            raise PlainCopyError(source.name, ends[1].name, reason, named=ends[0].name)


def check_same(ends: tuple[CopySide, CopySide], pairs: Sequence[tuple[TableIdentity, TableIdentity]]) -> None:
    """Raises `SameTableError` where a target is a source of the same run, or the target of another table."""
    for number, (_, target) in enumerate(pairs):
        others = [source for source, _ in pairs] + [other for _, other in pairs[:number]]
        if any(same_table(target, other) for other in others):
            raise SameTableError(ends[0].name, ends[1].name, f"the table {target.name}")


def check_arn(end: CopySide, arn: str) -> None:
    """Raises `UsageError` if the side was named by an ARN and the table at hand has another one."""
    if end.arn and end.arn != arn:
        raise UsageError(
            f"{end.name}: these credentials and this region lead to {arn or 'a table without an ARN'}. Nothing was "
            "read or written",
            next="Use the account and the region of the ARN",
        )


def pair_tables(source: CopySide, target: CopySide, chosen: Sequence[str]) -> list[tuple[str, str, str]]:
    """Logical name, source table and target table of each transfer. `chosen` are logical names; empty means all.

    `table:NAME` pairs with the other environment's table that NAME ends with, unless one is chosen. Raises
    `UsageError` where that is not clear.
    """
    chosen = list(dict.fromkeys(chosen))
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
    """A copy never writes to production, nor to what may be production. `reason` says why it is or may be."""

    def __init__(self, target: str, reason: str) -> None:
        self.target = target
        self.reason = reason
        super().__init__(
            f"{target}: production, or taken for it, is never the target of a copy: {reason}. Nothing was written",
            next="To restore lost data: tee-infra backup restore",
        )


class PlainCopyError(RefusedError):
    """Personal data would leave production, or what may be production. `reason` says why it is or may be."""

    def __init__(self, source: str, target: str, reason: str, *, named: str | None = None) -> None:
        self.source = source
        self.target = target
        self.reason = reason
        super().__init__(
            f"{source}: a plain copy would carry personal data of production to {target}: {reason}. Nothing was "
            "written",
            next=f"Copy it anonymized: tee-infra data sync-dev --anonymize --from {named or source} --to {target}",
        )


class SameTableError(RefusedError):
    """Both sides lead to one table. A copy onto itself undoes concurrent writes, and a comparison says nothing."""

    def __init__(self, source: str, target: str, what: str) -> None:
        self.source = source
        self.target = target
        super().__init__(
            f"{source} and {target}: both lead to {what}. Nothing was read or written",
            next="Name another source or another target",
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
