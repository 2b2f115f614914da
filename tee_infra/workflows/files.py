"""Files that a user names: precious until they are known as this program's.

A file is written only where there is none, or where the earlier content is known as this program's own; it is replaced
by a new file beside it. It is read only if it is a regular file. Nothing here waits for a pipe, opens a device, writes
through a link, or deletes a file of another program.
"""

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from tee_infra.errors import BusyError, UsageError
from tee_infra.local.private_files import create_private, private_folder

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}


class UnusableFileError(UsageError):
    """A file or folder that cannot be used; `reason` is the cause."""

    def __init__(self, file: Path | str, reason: str, state: str = "Nothing was changed") -> None:
        self.file = str(file)
        self.reason = reason
        super().__init__(f"{file}: {reason}. {state}", next="Choose another file or folder")


class FileInUseError(BusyError):
    """Another run holds the file."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)
        super().__init__(
            f"{file}: another run is using this file. Nothing was changed", next="Wait until that run has ended"
        )


@contextmanager
def file_errors(file: Path | str, state: str = "Nothing was changed") -> Generator[None]:
    """Raise `UnusableFileError` in place of the operating system's errors; `state` is the state of the world then."""
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = error.strerror if isinstance(error, OSError) else None
        raise UnusableFileError(file, reason or str(error), state) from None


def read_given(file: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; a link to one is followed. Raises `UnusableFileError`."""
    with file_errors(file):
        _require_regular(file, file.stat())  # before it is opened: opening a device can change its state
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            _require_regular(file, os.fstat(opened.fileno()))
            content = opened.read(most + 1)
    if len(content) > most:
        raise UnusableFileError(file, f"larger than {most:,} bytes")
    return content


def open_existing(file: Path) -> int | None:
    """A descriptor to read a file that may be replaced, None where there is none.

    Raises `UnusableFileError` for anything but a regular file under this one name.
    """
    with file_errors(file):
        try:
            _require_own_name(file, os.lstat(file))
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
    try:
        _require_own_name(file, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create(file: Path, content: bytes, *, lock: bool = False) -> int:
    """Create a file where there is none; its descriptor. Raises `UnusableFileError`, `FileInUseError`."""
    with file_errors(file):
        descriptor = create_private(file)
    try:
        return _fill(descriptor, file, content, lock=lock)
    except UnusableFileError:
        file.unlink(missing_ok=True)  # a part of the content, on a full disk
        raise


def replace(file: Path, content: bytes, *, lock: bool = False) -> int:
    """Replace a file that is known as this program's by a new one beside it; the new one's descriptor.

    The earlier content stays until the new one is complete. Raises `UnusableFileError`.
    """
    beside = file.with_name(f".tee-{secrets.token_hex(8)}.new")  # short: a name may have 255 bytes
    with file_errors(file):
        descriptor = create_private(beside)
    try:
        _fill(descriptor, file, content, lock=lock)
        with file_errors(file):
            beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return descriptor


def write_text(file: Path, text: str, *, ours: Callable[[bytes], bool], most: int) -> None:
    """Write a text where there is no file, an empty one, or one whose first `most` bytes are known as `ours`.

    Raises `UnusableFileError`.
    """
    existing = open_existing(file)
    if existing is None:
        os.close(create(file, text.encode()))
        return
    with os.fdopen(existing, "rb") as opened, file_errors(file):
        earlier = opened.read(most)
    if earlier and not ours(earlier):
        raise UnusableFileError(file, "exists and was not written by this program")
    os.close(replace(file, text.encode()))


def hold(descriptor: int, file: Path) -> None:
    """Keep other runs away from an open file until it is closed. Raises `FileInUseError`, `UnusableFileError`."""
    with file_errors(file):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileInUseError(file) from None


def is_still(descriptor: int, file: Path) -> bool:
    """Whether the name `file` is still that of the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(file))
    except OSError:
        return False


def make_folder(folder: Path) -> None:
    """Create the folder of a file, readable only by its owner. Raises `UnusableFileError`."""
    with file_errors(folder):
        private_folder(folder)


def _fill(descriptor: int, file: Path, content: bytes, *, lock: bool) -> int:
    try:
        if lock:
            hold(descriptor, file)
        with file_errors(file), os.fdopen(os.dup(descriptor), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _require_regular(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise UnusableFileError(file, f"is {kind}, not a regular file")


def _require_own_name(file: Path, found: os.stat_result) -> None:
    _require_regular(file, found)
    if found.st_nlink > 1:
        raise UnusableFileError(file, f"has {found.st_nlink} names (hard links)")
