"""Restore a portable backup into new or empty tables, verified before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from threading import Event
from typing import Final, TypeAlias

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.refusals import RefusedItem, counted
from tee_infra.core.data.backup import BackupFile, Manifest, RestoreStep, plan_restore
from tee_infra.core.data.comparison import CompareOptions
from tee_infra.core.data.restore_policy import RestoreTarget, check_restore
from tee_infra.core.environments import parse_environment
from tee_infra.errors import PartialError, RefusedError
from tee_infra.workflows.backup.portable import digest_text, verify_files
from tee_infra.workflows.backup.segment_files import read_segment
from tee_infra.workflows.data.compare_tables import signature_of
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.data.table_io import TableAccess, put_items
from tee_infra.workflows.data.workers import run_all
from tee_infra.workflows.data.write_queue import Refused
from tee_infra.workflows.session.file_store import FileStore

TablePolicy: TypeAlias = Callable[[str], str]
_THREADS: Final = 4
_REQUESTS_UNDER_WAY: Final = 8


@dataclass(frozen=True)
class RestoredTable:
    """One restored table. `reapplied` are the settings of a new table beyond its keys and indexes."""

    name: str
    target: str
    created: bool
    items: int
    validated: bool
    reapplied: list[str]
    refused: list[RefusedItem] = field(default_factory=list[RefusedItem])
    """Items of the backup that the table does not take."""


class DamagedBackupError(RefusedError):
    """A backup that differs from its manifest; `problems` has one line for each difference."""

    def __init__(self, location: str, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(f"{location}: the backup is damaged: {'; '.join(problems[:5])}. Nothing was restored")


class NotRestoredError(PartialError):
    """The restored tables differ from the backup; `tables` has the result of each."""

    def __init__(self, tables: list[RestoredTable]) -> None:
        self.tables = tables
        refused = counted((table.target, table.refused) for table in tables)
        wrong = ", ".join(f"{table.target} ({table.items:,} items)" for table in tables if not table.validated)
        cause = f"the target refused {refused}" if refused else "another writer or TTL may have changed them"
        super().__init__(f"backup restore: tables differ from the backup: {wrong}. They are kept; {cause}")


@dataclass(frozen=True, kw_only=True)
class RestorePlan:
    """A planned restore, and the manifest of its backup."""

    manifest: Manifest
    steps: list[RestoreStep]


def prepare_restore(
    dynamodb: DynamoDb, manifest: Manifest, environment: str, targets: Mapping[str, str], *, account_id: str = ""
) -> RestorePlan:
    """The plan of a restore into `account_id`; changes nothing. In an unknown account no production table is created.

    Raises as `check_restore` and `core.data.backup.plan_restore` do, and `RemoteError`.
    """
    tables = TableDefinitions(dynamodb.client)
    existing = {physical: tables.definition(physical) for physical in targets.values()}
    identities = {name: dynamodb.identity(dynamodb.table(name)) for name, there in existing.items() if there}
    check_restore(
        manifest,
        RestoreTarget(
            environment=parse_environment(environment), account_id=account_id, tables=targets, existing=identities
        ),
    )
    occupied = {physical for physical, there in existing.items() if there and not tables.is_empty(physical)}
    return RestorePlan(manifest=manifest, steps=plan_restore(manifest, environment, targets, existing, occupied))


def restore_backup(
    dynamodb: DynamoDb, store: FileStore, plan: RestorePlan, progress: Progress, policy: TablePolicy | None = None
) -> list[RestoredTable]:
    """Verify the backup, carry out the plan, and compare each table with the plan's manifest.

    New tables get TTL, point-in-time recovery, tags, the resource policy that `policy` makes from their ARN, and
    deletion protection after their validation. Every table is marked until all are restored: the same restore resumes
    after a crash where a new restore would refuse.
    Raises `DamagedBackupError` before anything is written, `NotRestoredError`, `RemoteError`.
    """
    problems = verify_files(store, plan.manifest, lambda name, items: progress(f"verify {name}", items))
    if problems:
        raise DamagedBackupError(store.location, problems)
    restored = [_restore_table(dynamodb, store, step, progress, policy) for step in plan.steps]
    if not all(table.validated for table in restored):
        raise NotRestoredError(restored)
    for step in plan.steps:
        TableDefinitions(dynamodb.client).mark_restored(step.target)
    return restored


def _restore_table(
    dynamodb: DynamoDb, store: FileStore, step: RestoreStep, progress: Progress, policy: TablePolicy | None
) -> RestoredTable:
    tables = TableDefinitions(dynamodb.client)
    if not step.resumes and step.definition:
        tables.create(step.target, step.definition, step.mark)
    elif not step.resumes:
        tables.mark_restoring(step.target, step.mark)
    side = TableAccess(dynamodb.transport(), dynamodb.table(step.target))
    refused = _load(side, store, step, partial(progress, f"load {step.target}"))
    found = signature_of(side, CompareOptions())
    validated = (found.count, digest_text(found)) == (step.backup.items, step.backup.digest)
    return RestoredTable(
        name=step.backup.name,
        target=step.target,
        created=step.definition is not None,
        items=found.count,
        validated=validated,
        reapplied=tables.reapply(step.target, step.definition, policy) if step.definition and validated else [],
        refused=refused,
    )


def _load(side: TableAccess, store: FileStore, step: RestoreStep, progress: partial[None]) -> list[RefusedItem]:
    def load(file: BackupFile, stop: Event) -> list[RefusedItem]:
        refused: list[Refused] = []
        with side.requests(stop, Backoff(), _REQUESTS_UNDER_WAY) as requests:
            for items in read_segment(store, file.name):
                refused += put_items(requests, step.target, items)
                progress(len(items))
        return [item.named(side.table.key_names) for item in refused]

    return list(chain.from_iterable(run_all(step.backup.files, load, _THREADS)))
