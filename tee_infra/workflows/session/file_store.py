"""Storage of portable backups and of the engine's state: the interface, and its implementation in a directory.

`tee_infra.aws.bucket_store` implements it in S3.
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
    """Files by name (`tee-admin/0000.json.gz`). A file appears atomically."""

    @property
    def location(self) -> str:
        """The location as given by the user."""
        ...

    def names(self, under: str = "") -> list[str]:
        """The names of all files, or of those below the folder `under`."""
        ...

    def write(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to write. It appears at the end of the block, unless the block raises."""
        ...

    def read(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to read from. Raises `FileNotFoundError`."""
        ...

    def delete(self, name: str) -> None:
        """Delete a file; a missing file is no error."""
        ...

    def inside(self) -> Sequence["FileStore"]:
        """The locations one level below this one."""
        ...


class FolderStore:
    """A directory, created with its first file. Names of incomplete files end with `.part`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.location = str(folder)

    def names(self, under: str = "") -> list[str]:
        """The names of all files, or of those below the folder `under`; incomplete ones are left out."""
        found = (path for path in (self._folder / under).rglob("*") if path.is_file() and path.suffix != _PART)
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    @contextmanager
    def write(self, name: str) -> Generator[BinaryIO]:
        """A file to write, synced to disk before it appears."""
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
        """Delete a file and its incomplete version."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        path.with_name(path.name + _PART).unlink(missing_ok=True)

    def inside(self) -> list[FileStore]:
        """The directories one level below this one."""
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


def in_bucket(location: str) -> bool:
    """Whether a person's place is in S3."""
    return location.startswith(PREFIX)


def open_store(location: str, connection: Connection) -> FileStore:
    """The store at `location`: `s3://BUCKET/PREFIX`, otherwise a directory."""
    if in_bucket(location):
        return BucketStore.connect(connection, location)
    return FolderStore(Path(location))
