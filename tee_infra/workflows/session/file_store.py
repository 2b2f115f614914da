"""Where portable backups and the engine's state are kept: what workflows ask of such a place, and a folder as one.

`tee_infra.aws.bucket_store` is the other one, in S3.
"""

import os
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from tee_infra.aws.bucket_store import PREFIX, BucketStore
from tee_infra.aws.connection import Connection

_PART = ".part"


class FileStore(Protocol):
    """Files by name (`tee-admin/0000.json.gz`). A file is there as a whole or not at all."""

    @property
    def location(self) -> str:
        """Where this is, as a person wrote it."""
        ...

    def names(self, under: str = "") -> list[str]:
        """The names of all files, or of those below the folder `under`."""
        ...

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to fill. It appears when the block ends, and not when that raises."""
        ...

    def read(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to read from. Raises `FileNotFoundError`."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file; absent ones are fine."""
        ...

    def inside(self) -> Sequence["FileStore"]:
        """The places right below this one."""
        ...


class FolderStore:
    """A folder, made when the first file is written. Names of files being written end with `.part`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.location = str(folder)

    def names(self, under: str = "") -> list[str]:
        """The names of all files, or of those below the folder `under`; those half written are left out."""
        found = (path for path in (self._folder / under).rglob("*") if path.is_file() and path.suffix != _PART)
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    @contextmanager
    def write(self, name: str) -> Generator[BinaryIO]:
        """A file to fill, on disk before it appears."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + _PART)
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def read(self, name: str) -> BinaryIO:
        """A file to read from."""
        return (self._folder / name).open("rb")

    def delete(self, name: str) -> None:
        """Remove a file and what was half written of it."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        path.with_name(path.name + _PART).unlink(missing_ok=True)

    def inside(self) -> list[FileStore]:
        """The folders right below this one."""
        if not self._folder.is_dir():
            return []
        return [FolderStore(path) for path in sorted(self._folder.iterdir()) if path.is_dir()]


def read_file(store: FileStore, name: str) -> bytes | None:
    """A small file as a whole; None where there is none. Raises `OSError`, `AwsError`."""
    try:
        with store.read(name) as file:
            return file.read()
    except FileNotFoundError:
        return None


def copy_file(store: FileStore, name: str, copy: str) -> bool:
    """Copy a small file within the store; False where there is none. Raises `OSError`, `AwsError`."""
    data = read_file(store, name)
    if data is None:
        return False
    with store.write(copy) as file:
        file.write(data)
    return True


def open_store(location: str, connection: Connection) -> FileStore:
    """The place that a person names: `s3://bucket/prefix`, else a folder."""
    if location.startswith(PREFIX):
        return BucketStore.connect(connection, location)
    return FolderStore(Path(location))
