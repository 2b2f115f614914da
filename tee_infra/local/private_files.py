"""Files and folders that only their owner may read, whatever the umask."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
OWN_FOLDER: Final = ".tee"
"""The folder of a checkout or of a working directory in which everything is this program's."""


def private_folder(folder: Path) -> None:
    """Create a folder and its missing parents with mode 0700, and set that mode on existing ones in `.tee`.

    Folders outside `.tee` that exist keep their mode: they may be shared on purpose. Raises `OSError`.
    """
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            with suppress(FileExistsError):  # another run was faster
                path.mkdir(FOLDER_MODE)
                path.chmod(FOLDER_MODE)
        elif OWN_FOLDER in path.absolute().parts:
            _close(path)
    if not folder.is_dir():
        raise NotADirectoryError(20, "not a directory", str(folder))


def create_private(path: Path) -> int:
    """A descriptor of a new file with mode 0600, for writing and reading.

    Raises `FileExistsError` if there is anything at `path`, also a symbolic link to nothing, and `OSError`.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)  # the umask may have taken the owner's rights as well
    return descriptor


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` atomically by a file of mode 0600: a crash leaves the old content or the new one, never a part."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(create_private(unfinished), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _close(folder: Path) -> None:
    """Only where the mode is another one, and only of the caller's own folders."""
    found = folder.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        folder.chmod(FOLDER_MODE)
