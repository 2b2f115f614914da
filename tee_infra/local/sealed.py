"""Files that are loaded only if this user's own process wrote them: a code of the content, made with the user's key.

A snapshot is a pickle, and whoever can write a pickle runs code in the process that loads it. The checkout that has it
may be anybody's: its owner, mode and code are checked before one byte is given to pickle.
"""

import hashlib
import hmac
from pathlib import Path
from typing import Final

from tee_infra.local.private_files import write_whole
from tee_infra.local.user_key import FileRefusedError, read_private

_HEADING: Final = b"tee-infra snapshot 1\n"
_CODE_BYTES: Final = 32


def write_sealed(path: Path, content: bytes, key: bytes) -> None:
    """Replace `path` atomically by `content` with its code."""
    write_whole(path, b"".join((_HEADING, _code(content, key), content)))


def read_sealed(path: Path, key: bytes) -> bytes:
    """Return the content of `path`. Raises `FileRefusedError` with the reason, and FileNotFoundError."""
    sealed = read_private(path)
    if not sealed.startswith(_HEADING):
        raise FileRefusedError("was not sealed by this version of tee-infra")
    code, content = sealed[len(_HEADING) :][:_CODE_BYTES], memoryview(sealed)[len(_HEADING) + _CODE_BYTES :]
    if not hmac.compare_digest(code, _code(content, key)):
        raise FileRefusedError("was changed, or was written by another user or on another machine")
    return bytes(content)


def seal_again(path: Path, key: bytes) -> None:
    """Seal a file that an older version of this program has just written or loaded, if it is a plain file."""
    if path.is_symlink() or not path.is_file():
        return
    content = path.read_bytes()
    if not content.startswith(_HEADING):
        write_sealed(path, content, key)


def _code(content: bytes | memoryview, key: bytes) -> bytes:
    return hashlib.blake2b(content, key=key, digest_size=_CODE_BYTES, person=b"tee-snapshot").digest()
