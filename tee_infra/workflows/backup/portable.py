"""Create, verify and list portable backups."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.aws.table_definitions import TableDefinitions
from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.digest import Signature
from tee_infra.core.codec.rate_limiter import RateLimiter
from tee_infra.core.data.backup import (
    MANIFEST,
    MOST_MANIFEST_BYTES,
    UNFINISHED,
    BackupFile,
    Manifest,
    NotABackupError,
    TableBackup,
    is_harmless,
    is_segment,
    missing_and_unlisted,
    read_manifest,
    read_unfinished,
    segment_name,
    segments_of,
    write_manifest,
)
from tee_infra.core.data.table_identity import production_reason
from tee_infra.core.environments import parse_environment
from tee_infra.core.tables.description import TableFacts
from tee_infra.errors import RefusedError, UsageError
from tee_infra.workflows.backup.segment_files import check_segment, write_segment
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.data.request_loop import SharedRateLimiter
from tee_infra.workflows.data.table_io import TableAccess, scan_pages
from tee_infra.workflows.data.workers import run_all
from tee_infra.workflows.files import file_errors
from tee_infra.workflows.session.file_store import FileStore

_THREADS: Final = 8


class BackupExistsError(RefusedError):
    """`location` holds a complete backup, and backups are never overwritten."""

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(
            f"{location}: holds a complete backup, which is never overwritten", next="Choose another --output"
        )


class MisnamedBackupError(RefusedError):
    """A table of `environment` is or may be production, for `reason`: the backup would be of the wrong environment."""

    def __init__(self, table: str, environment: str, reason: str) -> None:
        self.table = table
        self.environment = environment
        self.reason = reason
        super().__init__(
            f"{table}: is or may be production, and would be backed up as {environment}'s: {reason}. Nothing was "
            "written",
            next="Check the tags of the table: aws dynamodb list-tags-of-resource",
        )


def create_backup(
    dynamodb: DynamoDb,
    store: FileStore,
    environment: str,
    tables: Mapping[str, str],
    progress: Progress,
    *,
    read_units: float | None = None,
) -> Manifest:
    """Back up `tables` (logical -> physical names) into an empty location, or restart an interrupted backup.

    A live table is read segment by segment: the backup holds each item as of some moment during the run. The manifest
    is written last and completes the backup. `read_units` caps the read units per second. Raises
    `BackupExistsError`, `MisnamedBackupError`, `UnusableFileError`, `UsageError`, `RemoteError`.
    """
    started_at = datetime.now(UTC)
    transport, pace = dynamodb.transport(), SharedRateLimiter(RateLimiter(cap=read_units))
    sides = {name: TableAccess(transport, dynamodb.table(physical), pace) for name, physical in tables.items()}
    _require_known(dynamodb, environment, [side.table for side in sides.values()])
    with file_errors(store.location):
        _begin(store, environment, started_at)
        store.close_to_others()
    with file_errors(store.location, "The backup is incomplete and cannot be restored"):
        definitions = TableDefinitions(dynamodb.client)
        saved = [_save_table(definitions, store, name, side, progress) for name, side in sides.items()]
        manifest = Manifest(environment=environment, started_at=started_at, finished_at=datetime.now(UTC), tables=saved)
        with store.write(MANIFEST) as file:
            file.write(write_manifest(manifest))
        store.delete(UNFINISHED)
    return manifest


def _require_known(dynamodb: DynamoDb, environment: str, tables: Iterable[TableFacts]) -> None:
    """A backup says whose it is, and a restore goes by that: production is not backed up under another name."""
    if parse_environment(environment).kind.production:
        return
    for table in tables:
        if reason := production_reason(dynamodb.identity(table)):
            raise MisnamedBackupError(table.name, environment, reason)


def _begin(store: FileStore, environment: str, started_at: datetime) -> None:
    """Mark the location as an incomplete backup, and delete the files of an earlier incomplete one.

    Only the segments of an interrupted backup of the same environment are deleted; with any other file beside them the
    location is refused.
    """
    names = [name for name in store.names() if not is_harmless(name)]
    if MANIFEST in names:
        raise BackupExistsError(store.location)
    if names:
        _require_unfinished(store, names, environment)
    with store.write(UNFINISHED) as file:
        file.write(json.dumps({"environment": environment, "started_at": started_at.isoformat()}).encode())
    for name in names:
        if name != UNFINISHED:
            store.delete(name)


def _require_unfinished(store: FileStore, names: list[str], environment: str) -> None:
    foreign = [name for name in names if name != UNFINISHED and not is_segment(name)]
    if UNFINISHED not in names or foreign:
        raise UsageError(
            f"{store.location}: holds files of no backup. Nothing was written", next="Choose an empty --output"
        )
    with store.read(UNFINISHED) as file:
        begun = read_unfinished(file.read(MOST_MANIFEST_BYTES))
    if begun != environment:
        other = f"an incomplete backup of {begun}" if begun else f"an {UNFINISHED} that is not of a backup"
        raise UsageError(f"{store.location}: holds {other}. Nothing was written", next="Choose an empty --output")


def _save_table(
    definitions: TableDefinitions, store: FileStore, name: str, side: TableAccess, progress: Progress
) -> TableBackup:
    physical, segments = side.table.name, segments_of(side.table.size)
    definition = definitions.definition(physical)
    if definition is None:
        raise UsageError(
            f"{physical}: the table was deleted during the backup. The backup is incomplete and cannot be restored"
        )

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
        name=name,
        source=physical,
        source_arn=side.table.arn,
        source_id=side.table.id,
        items=total.count,
        digest=digest_text(total),
        definition=definition,
        files=files,
    )


def open_backup(store: FileStore) -> Manifest:
    """The manifest of the backup in a location. Raises `NotABackupError`, also for an incomplete backup."""
    with file_errors(store.location):
        names = store.names()
        if MANIFEST not in names:
            return read_manifest(store.location, names, None)
        with store.read(MANIFEST) as file:
            return read_manifest(store.location, names, file.read(MOST_MANIFEST_BYTES))


def verify_backup(store: FileStore, progress: Progress) -> tuple[Manifest, list[str]]:
    """Read the whole backup: its manifest, and one line for each difference from the manifest.

    Raises `NotABackupError`.
    """
    manifest = open_backup(store)
    return manifest, verify_files(store, manifest, progress)


def verify_files(store: FileStore, manifest: Manifest, progress: Progress) -> list[str]:
    """Read every file of the backup: one line for each way in which it is not what its manifest says."""
    problems = missing_and_unlisted(manifest, store.names())
    for table in manifest.tables:
        total = Signature()

        def check(file: BackupFile, _stop: Event, name: str = table.name) -> tuple[str | None, Signature]:
            return check_segment(store, file, partial(progress, name))

        for problem, signature in run_all(table.files, check, _THREADS):
            total.merge(signature)
            problems += [problem] if problem else []
        if (total.count, digest_text(total)) != (table.items, table.digest):
            problems.append(f"{table.name}: the items differ from the manifest")
    return problems


@dataclass(frozen=True)
class FoundBackup:
    """A location with a backup: its manifest, or the `problem` that makes it unreadable."""

    location: str
    manifest: Manifest | None
    problem: str | None


def find_backups(store: FileStore) -> Iterator[FoundBackup]:
    """The backups in a location and one level below it; incomplete and damaged ones with their problem."""
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
