"""The key of this user that no checkout contains, and files that are believed because only this user can write them.

A checkout may come from another person or machine, so its `.tee` folder proves nothing. The key does: it is in the
user's own configuration directory and is made once. It seals snapshots (`sealed`), and `credentials` derives keys.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from tee_infra.errors import RefusedError
from tee_infra.local.private_files import create_private

KEY_BYTES: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_NO_SURPRISES: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A symbolic link is an error, and a FIFO does not block."""


class KeyRefusedError(RefusedError):
    """The user's key cannot be read or made, or other users can read or replace it."""

    def __init__(self, path: Path, reason: str, cure: str) -> None:
        super().__init__(f"key of the embedded AWS {path}: {reason}. Nothing was started or changed", next=cure)
        self.path = path


class FileRefusedError(Exception):
    """A file that its reader may not believe, with the reason."""


def user_key() -> bytes:
    """Return this user's key of 32 bytes, made at the first call. Raises `KeyRefusedError`.

    It is `key` in `$XDG_CONFIG_HOME/tee-infra`, else in `~/.config/tee-infra`, as the XDG Base Directory
    Specification has it: a relative `XDG_CONFIG_HOME` does not count.
    """
    path = _key_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(path):
            _make_key(path)
        content = read_private(path, readable_by_others=False)
    except FileRefusedError as error:
        cure = "Make it a file of your own that only you can read: chmod 600, and chown to your user"
        raise KeyRefusedError(path, str(error), cure) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise KeyRefusedError(path, reason, "Set XDG_CONFIG_HOME to a directory that you can write") from None
    if len(content) != KEY_BYTES:
        cure = "Move the file away; the next start makes a new key and sets the saved data aside"
        raise KeyRefusedError(path, f"has {len(content)} bytes instead of {KEY_BYTES}", cure)
    return content


def read_private(path: Path, *, readable_by_others: bool = True) -> bytes:
    """Return the content of a regular file of this user that no other user can write.

    Raises `FileRefusedError` with the reason, and FileNotFoundError. What was checked is what is read.
    """
    try:
        descriptor = os.open(path, _NO_SURPRISES)
    except FileNotFoundError:
        raise
    except OSError as error:
        link = "is a symbolic link" if path.is_symlink() else f"cannot be opened: {error.strerror}"
        raise FileRefusedError(link) from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileRefusedError("is not a regular file")
        if found.st_uid != os.geteuid():
            raise FileRefusedError(f"belongs to user {found.st_uid}")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH if readable_by_others else _OTHERS):
            raise FileRefusedError(f"is open to other users (mode {stat.S_IMODE(found.st_mode):04o})")
        return file.read()


def _make_key(path: Path) -> None:
    """Two first starts at once agree: a hard link is made once, and only of a complete file."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    with os.fdopen(create_private(unfinished), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass  # the other start's key
    finally:
        unfinished.unlink()


def _key_path() -> Path:
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".config"
    return base / "tee-infra" / "key"
