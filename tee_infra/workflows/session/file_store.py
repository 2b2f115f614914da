"""Storage of portable backups and of the engine's state: the interface, and its implementation in a directory.

`tee_infra.aws.bucket_store` implements it in S3.
"""

import errno
import os
import re
import stat
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from tee_infra.aws.bucket_store import PREFIX, BucketStore
from tee_infra.aws.connection import Connection
from tee_infra.errors import UsageError
from tee_infra.local.private_files import FOLDER_MODE, create_private, private_folder
from tee_infra.workflows.files import UnusableFileError, file_errors

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

    def close_to_others(self) -> None:
        """Let only the owner read the folder. A bucket's access is its own."""
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
        """The names of all files, or of those below the folder `under`; incomplete ones are left out.

        Links, pipes and devices have names as well, so that no folder with one looks empty. Links are not followed.
        """
        inside = (self._folder / under).rglob("*")
        found = (path for path in inside if (path.is_symlink() or not path.is_dir()) and path.suffix != _PART)
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    @contextmanager
    def write(self, name: str) -> Generator[BinaryIO]:
        """A file to write, synced to disk before it appears."""
        path = self._folder / name
        if path.parent != self._folder and path.parent.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "is a symbolic link, not a directory", str(path.parent))
        private_folder(path.parent)
        part = path.with_name(path.name + _PART)
        part.unlink(missing_ok=True)  # of a killed run
        with os.fdopen(create_private(part), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def close_to_others(self) -> None:
        """Set the mode of the folder and those in it to 0700, except one shared with its group and a sticky one."""
        for path in (
            self._folder,
            *(path for path in self._folder.iterdir() if path.is_dir() and not path.is_symlink()),
        ):
            found = path.stat()
            if found.st_uid == os.geteuid() and not found.st_mode & (stat.S_ISGID | stat.S_ISVTX):
                path.chmod(FOLDER_MODE)

    def read(self, name: str) -> BinaryIO:
        """A file to read from. Raises `OSError` for a pipe or device, which is not waited for."""
        descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
            raise OSError(errno.EINVAL, "not a regular file", name)
        return os.fdopen(descriptor, "rb")

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


class LocationError(UsageError):
    """A location that is neither a directory's path nor `s3://BUCKET/PREFIX`."""

    def __init__(self, location: str, reason: str) -> None:
        self.location = location
        super().__init__(
            f"location {location!r}: {reason}. Nothing was changed", next="Name a directory or s3://BUCKET/PREFIX"
        )


def in_bucket(location: str) -> bool:
    """Whether a location is in S3; otherwise it is a directory's path.

    Raises `LocationError` for what would become a directory of a surprising name: `S3://…`, `s3:/…`, `gs://…`, `~/…`.
    """
    if location.startswith(PREFIX):
        return True
    plain = location.strip().strip("'\"").lower()
    if not plain:
        raise LocationError(location, "is empty")
    if plain.startswith("~"):
        raise LocationError(location, "the shell has not expanded ~, so it would be a directory of this name")
    if plain.startswith(("s3:", "arn:")) or re.match(r"[a-z][a-z0-9+.-]*:[/\\]", plain):
        raise LocationError(location, "looks like an address, and only s3:// is supported")
    return False


def open_folder(location: str, *, writing: bool = False) -> FolderStore | None:
    """The directory that a person names, checked before AWS is contacted; None for a location in S3.

    For `writing` it may be missing, but not be a symbolic link. Raises `LocationError`, `UnusableFileError`.
    """
    if in_bucket(location):
        return None
    folder = Path(location)
    with file_errors(location):
        if writing and folder.is_symlink():
            raise UnusableFileError(location, "is a symbolic link, not a directory")
        if folder.exists() or not writing:
            os.scandir(folder).close()
    return FolderStore(folder)


def open_store(location: str, connection: Connection) -> FileStore:
    """The store at `location`: `s3://BUCKET/PREFIX`, otherwise a directory. Raises `LocationError`."""
    if in_bucket(location):
        return BucketStore.connect(connection, location)
    return FolderStore(Path(location))
