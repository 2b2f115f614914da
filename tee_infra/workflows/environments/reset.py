"""Reset the data of an environment: a backup where its settings keep backups, then empty tables, then its seed.

Each step may be repeated, so a second run finishes what a killed one has left: tables that are partly empty are
emptied, and the items of a seed are the same in every run.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tee_infra.aws.connection import AwsError
from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.native_backups import NativeBackup, NativeBackups
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.data.copy_policy import CopySide, TablePlan
from tee_infra.core.data.table_identity import production_reason
from tee_infra.core.environments import Environment
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError
from tee_infra.workflows.backup.native import create_native
from tee_infra.workflows.data.copy_environment import CopyPlan, prepare_copy, run_copy
from tee_infra.workflows.data.copy_table import CopyProgress
from tee_infra.workflows.data.empty_table import empty_table
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.data.seed import seed_data
from tee_infra.workflows.data.sync_dev import SubsetOptions
from tee_infra.workflows.data.table_io import TableAccess
from tee_infra.workflows.features.seed import SeedIncompleteError, Source

_POLL_SECONDS: Final = 2.0
_LONGEST_BACKUP_SECONDS: Final = 3600.0


class ResetProductionError(RefusedError):
    """The data of production is never deleted, nor of a table that may be production, for `reason`."""

    def __init__(self, environment: str, reason: str | None = None) -> None:
        self.environment = environment
        self.reason = reason
        because = f": {reason}" if reason else ""
        super().__init__(f"{environment}: the data of production is never reset{because}. Nothing was changed")


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """The seed of synthetic members; none: the tables stay empty."""

    seed: int
    members: int

    @property
    def text(self) -> str:
        """For the plan."""
        return f"{self.members:,} synthetic members, seed {self.seed}" if self.members else "nothing"


@dataclass(frozen=True, kw_only=True)
class Subset:
    """An anonymized subset of another environment, ready to be copied."""

    source: DynamoDb
    plan: CopyPlan

    @property
    def text(self) -> str:
        """For the plan."""
        members = self.plan.members
        share = "all" if members is None or members.subset is None else f"{members.subset.fraction:.2%}"
        return f"{share} of the members of {self.plan.source.name}, anonymized"


@dataclass(frozen=True, kw_only=True)
class ResetPlan:
    """A planned reset. `tables` are by logical name. `backed_up`: the environment's settings keep backups."""

    environment: Environment
    tables: Mapping[str, TableFacts]
    fill: Synthetic | Subset
    backed_up: bool


@dataclass(frozen=True, kw_only=True)
class ResetTable:
    """A table that was reset: its items before, and those that were written."""

    name: str
    table: str
    deleted: int
    written: int


@dataclass(frozen=True, kw_only=True)
class Reset:
    """A finished reset, with the native backups of the contents before it."""

    backups: list[NativeBackup]
    tables: list[ResetTable]


def require_resettable(environment: Environment) -> None:
    """Raises `ResetProductionError`."""
    if environment.kind.production:
        raise ResetProductionError(environment.name)


def plan_reset(
    dynamodb: DynamoDb, end: CopySide, environment: Environment, fill: Synthetic | Subset, *, backed_up: bool
) -> ResetPlan:
    """Check the tables by what DynamoDB says they are. Writes nothing.

    Raises `ResetProductionError`, `NoTableError`, `DynamoDbError`.
    """
    require_resettable(environment)
    tables = {name: dynamodb.table(physical) for name, physical in end.tables.items()}
    for table in tables.values():
        if reason := production_reason(dynamodb.identity(table)):
            raise ResetProductionError(table.name, reason)
    return ResetPlan(environment=environment, tables=tables, fill=fill, backed_up=backed_up)


def plan_subset(
    source: Source, target: DynamoDb, end: CopySide, *, fraction: float | None, members: int | None
) -> Subset:
    """Plan the copy, before anything is deleted. Raises as `prepare_copy` does."""
    choice = SubsetOptions(key=source.key, fraction=fraction, members=members)
    plan = prepare_copy(source.dynamodb, target, (source.end, end), (), choice=choice)
    return Subset(source=source.dynamodb, plan=plan)


def run_reset(
    dynamodb: DynamoDb,
    plan: ResetPlan,
    say: Callable[[str], None],
    progress: Progress,
    copied: Callable[[TablePlan, CopyProgress], None],
) -> Reset:
    """Carry out a plan. `progress` counts deleted and synthetic items, `copied` those of a subset.

    Raises `SeedIncompleteError`, `RemoteError`.
    """
    backups = _back_up(dynamodb, plan, say) if plan.backed_up else []
    transport = dynamodb.transport()
    deleted = {name: empty_table(TableAccess(transport, table), progress) for name, table in plan.tables.items()}
    written = _fill(dynamodb, plan, progress, copied)
    tables = [
        ResetTable(name=name, table=table.name, deleted=deleted[name], written=written.get(name, 0))
        for name, table in plan.tables.items()
    ]
    return Reset(backups=backups, tables=tables)


def _back_up(dynamodb: DynamoDb, plan: ResetPlan, say: Callable[[str], None]) -> list[NativeBackup]:
    """Native backups, waited for: nothing is deleted before each is complete."""
    tables = {name: table.name for name, table in plan.tables.items()}
    made = create_native(dynamodb, plan.environment.name, tables, datetime.now(UTC))
    backups, waited = NativeBackups(dynamodb.client), 0.0
    for backup in made:
        say(f"{backup.table}: backup {backup.arn}")
    while any(_status(backups, backup) != "AVAILABLE" for backup in made):
        if waited >= _LONGEST_BACKUP_SECONDS:
            raise AwsError(
                "waiting for the backups", f"not complete after {waited / 60:.0f} minutes; nothing was deleted"
            )
        time.sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS
    return made


def _status(backups: NativeBackups, made: NativeBackup) -> str | None:
    return next((one.status for one in backups.of_table(made.table) if one.arn == made.arn), None)


def _fill(
    dynamodb: DynamoDb, plan: ResetPlan, progress: Progress, copied: Callable[[TablePlan, CopyProgress], None]
) -> dict[str, int]:
    name = plan.environment.name
    if isinstance(plan.fill, Synthetic):
        tables = {logical: table.name for logical, table in plan.tables.items()}
        data = SyntheticData(plan.fill.seed)
        seeded = seed_data(dynamodb, plan.environment, tables, data, plan.fill.members, progress=progress)
        wrong, written = (
            [one.name for one in seeded.tables if one.refused],
            {one.name: one.items for one in seeded.tables},
        )
    else:
        with TemporaryDirectory(prefix="tee-infra-") as folder:
            checkpoint = Path(folder) / "checkpoint"
            results = run_copy(
                plan.fill.source, dynamodb, plan.fill.plan, checkpoint, resume=False, transport=None, report=copied
            )
        wrong, written = (
            [one.table for one in results if not one.validated],
            {one.table: one.written for one in results},
        )
    if wrong:
        raise SeedIncompleteError(name, wrong)
    return written
