"""Make, verify and list portable backups."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.backoff import Backoff
from tee_infra.core.backup import (
    MANIFEST,
    UNFINISHED,
    BackupFile,
    Manifest,
    NotABackupError,
    TableBackup,
    missing_and_strange,
    read_manifest,
    segment_name,
    segments_of,
)
from tee_infra.core.digest import Signature
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.backup_store import BackupStore
from tee_infra.workflows.pieces import run_all
from tee_infra.workflows.segment_files import Progress, check_segment, write_segment
from tee_infra.workflows.table_io import Side, scan_pages

_THREADS: Final = 8


class BackupExistsError(RefusedError):
    """There is a finished backup at `location`, and backups are never overwritten."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(f"{location} holds a finished backup; choose another place")


def create_backup(
    dynamodb: DynamoDb, store: BackupStore, environment: str, tables: Mapping[str, str], progress: Progress
) -> Manifest:
    """Back up `tables` (logical -> physical names) into an empty place, or begin an interrupted backup anew.

    A live table is read segment by segment: the backup holds each item as it was at some moment in between. The
    manifest is written last and makes it a backup. Raises `BackupExistsError`, `UsageError`, `RemoteError`.
    """
    started_at = datetime.now(UTC)
    names = store.names()
    if MANIFEST in names:
        raise BackupExistsError(store.location)
    if names and UNFINISHED not in names:
        raise UsageError(f"{store.location} holds files that are no backup; choose an empty place")
    with store.write(UNFINISHED) as file:
        file.write(f'{{"environment":"{environment}","started_at":"{started_at.isoformat()}"}}\n'.encode())
    for name in names:
        if name != UNFINISHED:
            store.delete(name)
    saved = [_save_table(dynamodb, store, name, physical, progress) for name, physical in tables.items()]
    manifest = Manifest(environment=environment, started_at=started_at, finished_at=datetime.now(UTC), tables=saved)
    with store.write(MANIFEST) as file:
        file.write(manifest.model_dump_json(indent=2).encode())
    store.delete(UNFINISHED)
    return manifest


def _save_table(dynamodb: DynamoDb, store: BackupStore, name: str, physical: str, progress: Progress) -> TableBackup:
    facts = dynamodb.table(physical)  # says so when there is none
    definition = TableDefinitions(dynamodb.client).definition(physical)
    if definition is None:
        raise UsageError(f"{physical} was deleted while it was being backed up")
    side, segments = Side(dynamodb.transport(), facts), segments_of(facts.size)

    def save(segment: int, stop: Event) -> tuple[BackupFile, Signature]:
        with side.requests(stop, Backoff()) as requests:
            pages = scan_pages(requests, physical, segment, segments)
            items = (page.items for page in pages)
            return write_segment(store, segment_name(name, segment), items, partial(progress, physical))

    total = Signature()
    files: list[BackupFile] = []
    for file, signature in run_all(range(segments), save, _THREADS):
        files.append(file)
        total.merge(signature)
    return TableBackup(
        name=name, source=physical, items=total.count, digest=digest_text(total), definition=definition, files=files
    )


def open_backup(store: BackupStore) -> Manifest:
    """The manifest of the backup in a place. Raises `NotABackupError`, which says so when it is unfinished."""
    names = store.names()
    if MANIFEST not in names:
        return read_manifest(store.location, names, None)
    with store.read(MANIFEST) as file:
        return read_manifest(store.location, names, file.read())


def verify_backup(store: BackupStore, progress: Progress) -> tuple[Manifest, list[str]]:
    """Read the whole backup: its manifest, and one line for each way in which it is not what was written.

    Raises `NotABackupError`.
    """
    manifest = open_backup(store)
    problems = missing_and_strange(manifest, store.names())
    for table in manifest.tables:
        total = Signature()

        def check(file: BackupFile, _stop: Event, name: str = table.name) -> tuple[str | None, Signature]:
            return check_segment(store, file, partial(progress, name))

        for problem, signature in run_all(table.files, check, _THREADS):
            total.merge(signature)
            problems += [problem] if problem else []
        if (total.count, digest_text(total)) != (table.items, table.digest):
            problems.append(f"{table.name}: the items are not those in the manifest")
    return manifest, problems


@dataclass(frozen=True)
class FoundBackup:
    """What lies in one place: a manifest, or the `problem` why there is none."""

    location: str
    manifest: Manifest | None
    problem: str | None


def find_backups(store: BackupStore) -> Iterator[FoundBackup]:
    """The backups in a place and right below it; unfinished and damaged ones with their problem."""
    for place in (store, *store.inside()):
        names = set(place.names())
        if MANIFEST not in names and UNFINISHED not in names:
            continue
        try:
            yield FoundBackup(place.location, open_backup(place), None)
        except NotABackupError as error:
            yield FoundBackup(place.location, None, str(error))


def digest_text(signature: Signature) -> str:
    """A signature's sum as a manifest holds it: 32 hex digits."""
    return f"{signature.total:032x}"
