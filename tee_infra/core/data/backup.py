"""Portable backups: their layout, and when one may be restored.

UNFINISHED.json              written first, deleted last: the backup is being written, or the run was killed
tee-admin/0000.json.gz       one segment: a line `{"Item": ...}` for each item, as DynamoDB's import reads it
manifest.json                written after all other files: a folder without one is not a backup
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tee_infra.core.environments import parse_environment
from tee_infra.core.names import key_alias
from tee_infra.core.tables.create_request import TableDefinition
from tee_infra.errors import PartialError, RefusedError, UsageError

MANIFEST: Final = "manifest.json"
UNFINISHED: Final = "UNFINISHED.json"

MOST_MANIFEST_BYTES: Final = 64 * 1024 * 1024
"""More is not read: a manifest with 1,024 segments of three tables has less than 1 MB."""

_CHECKSUM: Final = b'"checksum": "'
_HARMLESS: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_SEGMENT: Final = r"^[A-Za-z0-9_\-][A-Za-z0-9_.\-]*/[0-9]{4}\.json\.gz$"
_SEGMENT_BYTES: Final = 128 * 1024 * 1024
_MOST_SEGMENTS: Final = 1024


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BackupFile(_Model):
    """One segment: `name` within the backup, its items, its bytes as stored and their SHA-256."""

    name: Annotated[str, Field(pattern=_SEGMENT)]
    items: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=0)]
    sha256: str


class TableBackup(_Model):
    """One table: its logical `name`, the `source` that was read, and the signature of its items.

    `source_arn` and `source_id` say which table that was; backups of earlier versions lack them.
    """

    name: str
    source: str
    source_arn: str = ""
    source_id: str = ""
    items: int
    digest: str
    definition: TableDefinition
    files: list[BackupFile]


class Manifest(_Model):
    """The contents of a complete backup. `checksum` is the SHA-256 of the file with an empty checksum in it."""

    format: Literal[1] = 1
    environment: str
    started_at: datetime
    finished_at: datetime
    tables: list[TableBackup]
    checksum: str | None = None
    """None in backups of earlier versions."""

    @property
    def items(self) -> int:
        """The items of all tables."""
        return sum(table.items for table in self.tables)


class _Unfinished(_Model):
    environment: str
    started_at: datetime


class NotABackupError(UsageError):
    """There is no complete backup at `location`; `reason` describes the contents."""

    def __init__(self, location: str, reason: str) -> None:
        self.location = location
        super().__init__(f"{location}: {reason}")


class DamagedManifestError(NotABackupError):
    """The manifest at `location` is not what a backup has written."""

    exit_code: ClassVar[int] = PartialError.exit_code


class RestoreRefusedError(RefusedError):
    """A restore that would overwrite, leak or mix data."""


def read_manifest(location: str, names: Iterable[str], text: bytes | None) -> Manifest:
    """The manifest of the backup at `location`, which holds the files `names`. Raises `NotABackupError`."""
    if text is None:
        unfinished = UNFINISHED in set(names)
        raise NotABackupError(
            location,
            "incomplete backup: it is still being written, or was interrupted; run `backup create` again to resume it"
            if unfinished
            else f"not a backup: it has no {MANIFEST}",
        )
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise DamagedManifestError(
            location, f"{MANIFEST} is damaged at {where or 'the top'}: {problem['msg']}"
        ) from None
    if manifest.checksum is not None and manifest.checksum != _checksum(text, manifest.checksum):
        raise DamagedManifestError(location, f"{MANIFEST} is damaged: its checksum differs")
    return manifest


def write_manifest(manifest: Manifest) -> bytes:
    """The file of a manifest, with its checksum."""
    text = manifest.model_copy(update={"checksum": ""}).model_dump_json(indent=2).encode()
    before, after = text.rsplit(_CHECKSUM, 1)
    return before + _CHECKSUM + hashlib.sha256(text).hexdigest().encode() + after


def _checksum(text: bytes, found: str) -> str:
    before, _, after = text.rpartition(_CHECKSUM + found.encode())
    return hashlib.sha256(before + _CHECKSUM + after).hexdigest()


def segments_of(size: int) -> int:
    """The number of segments in which a table of `size` bytes is read."""
    return min(_MOST_SEGMENTS, size // _SEGMENT_BYTES + 1)


def segment_name(table: str, segment: int) -> str:
    """The file of a segment: `tee-admin/0000.json.gz`."""
    return f"{table}/{segment:04}.json.gz"


def is_segment(name: str) -> bool:
    """Whether a file of this name can be a segment of a backup."""
    return re.fullmatch(_SEGMENT, name) is not None


def is_harmless(name: str) -> bool:
    """Whether a file is one that a file manager leaves, or the marker of a folder in S3. No restore reads these."""
    last = name.rpartition("/")[2].lower()
    return not last or last in _HARMLESS or last.startswith("._")


def read_unfinished(text: bytes) -> str | None:
    """The environment in an `UNFINISHED` file; None if it is not one that a backup has written."""
    try:
        return _Unfinished.model_validate_json(text).environment
    except ValidationError:
        return None


def missing_and_unlisted(manifest: Manifest, names: Iterable[str]) -> list[str]:
    """One line for each missing file, and for each unlisted one, because an import would read it too."""
    listed = {file.name for table in manifest.tables for file in table.files}
    present = {name for name in names if "/" in name and not is_harmless(name)}
    missing = [f"{name}: missing" for name in sorted(listed - present)]
    return missing + [f"{name}: not in the manifest" for name in sorted(present - listed)]


@dataclass(frozen=True)
class RestoreStep:
    """One table to restore: from `backup` into the table `target`, created from `definition` unless that is None.

    `resumes`: an interrupted restore of the same items has started it.
    """

    backup: TableBackup
    target: str
    definition: TableDefinition | None
    resumes: bool = False

    @property
    def mark(self) -> str:
        """The table's tag value during the restore, by which a second run recognizes its own work."""
        return f"{'new' if self.definition else 'filled'} {self.backup.digest}"


def plan_restore(
    manifest: Manifest,
    environment: str,
    targets: Mapping[str, str],
    existing: Mapping[str, TableDefinition | None],
    occupied: Collection[str],
) -> list[RestoreStep]:
    """The steps that restore a backup into `environment`.

    `targets` maps the logical names to restore to physical ones, `existing` the physical names to live definitions, and
    `occupied` are those that have items. `core.data.restore_policy` says whether the restore is allowed at all. Raises
    `RestoreRefusedError`, or `UsageError` for a table not in the backup.
    """
    source, target = parse_environment(manifest.environment), parse_environment(environment)
    held = {table.name: table for table in manifest.tables}
    if unknown := [name for name in targets if name not in held]:
        raise UsageError(f"the backup has no table {unknown[0]!r}; it has: {', '.join(held)}")
    steps: list[RestoreStep] = []
    for name, physical in targets.items():
        kept = held[name].definition
        definition = kept.at_home(target.name, key_alias(target.name)) if source == target else kept.elsewhere()
        steps.append(_plan_table(held[name], definition, physical, existing[physical], physical in occupied))
    return steps


def _plan_table(
    backup: TableBackup, definition: TableDefinition, target: str, present: TableDefinition | None, occupied: bool
) -> RestoreStep:
    new, filled = RestoreStep(backup, target, definition), RestoreStep(backup, target, None)
    if present is None:
        return new
    if present.keys != definition.keys:
        raise RestoreRefusedError(f"{target} has the key {present.keys}, but the backup has {definition.keys}")
    for step in (new, filled):
        if present.restoring == step.mark:
            return replace(step, resumes=True)
    if occupied:
        raise RestoreRefusedError(
            f"{target} is not empty, and a restore never overwrites. Restore into new tables with --suffix=-restored"
        )
    return filled
