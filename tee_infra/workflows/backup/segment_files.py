"""The files of a portable backup: gzip JSON Lines, one `{"Item": ...}` for each item, hashed as they are written."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

import msgspec

from tee_infra.core.codec.digest import Signature
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.data.backup import BackupFile
from tee_infra.workflows.session.file_store import FileStore

_GROUP_ITEMS: Final = 500
# Level 1 is about 5 % larger than the default level and takes a third of its time.
_LEVEL: Final = 1
_CHUNK_BYTES: Final = 1024 * 1024
_LONGEST_LINE: Final = 4 * 1024 * 1024
"""An item has at most 400 KB; as JSON, each byte takes at most six (`\\u0000`), and names and types are added."""
DAMAGE: Final = (
    OSError,
    EOFError,
    zlib.error,
    msgspec.MsgspecError,
    ValueError,
    LookupError,
    TypeError,
    RecursionError,
)
"""What reading a damaged segment raises."""


class _Line(msgspec.Struct, rename="pascal"):
    item: msgspec.Raw


_decode_line = msgspec.json.Decoder(_Line).decode


def write_segment(
    store: FileStore, name: str, pages: Iterable[list[msgspec.Raw]], progress: Callable[[int], None]
) -> tuple[BackupFile, Signature]:
    """Write the items of `pages` to the file `name`, which appears when it is complete."""
    signature = Signature()
    with store.write(name) as stored:
        hashing = _Hashing(stored)
        # Neither name nor time in the header: the same items make the same file.
        with gzip.GzipFile("", "wb", _LEVEL, hashing, mtime=0) as packed:  # pyright: ignore[reportArgumentType]
            for items in pages:
                packed.write(b"".join(b'{"Item":%b}\n' % bytes(item) for item in items))
                signature.add(items)
                progress(len(items))
    file = BackupFile(name=name, items=signature.count, size=hashing.size, sha256=hashing.hash.hexdigest())
    return file, signature


def read_segment(store: FileStore, name: str) -> Iterator[list[RawItem]]:
    """The items of a file, in groups of 500."""
    with store.read(name) as stored, gzip.open(stored) as lines:
        yield from _grouped(lines)


def check_segment(store: FileStore, file: BackupFile, progress: Callable[[int], None]) -> tuple[str | None, Signature]:
    """Read a file to its end: its problem or None, and the signature of its items."""
    signature = Signature()
    try:
        with store.read(file.name) as stored:
            if _size_and_hash(stored) != (file.size, file.sha256):  # nothing else of such a file is looked at
                return f"{file.name}: damaged: size or SHA-256 differs from the manifest", signature
            stored.seek(0)
            with gzip.open(stored) as lines:
                for items in _grouped(lines):
                    signature.add(items)
                    progress(len(items))
                    if signature.count > file.items:
                        break
    except FileNotFoundError:
        return None, signature  # already reported by `missing_and_unlisted`
    except DAMAGE as error:
        return f"{file.name}: damaged: {error}", signature
    if signature.count != file.items:
        return f"{file.name}: {signature.count} items, {file.items} in the manifest", signature
    return None, signature


def _size_and_hash(stored: BinaryIO) -> tuple[int, str]:
    size, hashed = 0, hashlib.sha256()
    while chunk := stored.read(_CHUNK_BYTES):
        size += len(chunk)
        hashed.update(chunk)
    return size, hashed.hexdigest()


def _grouped(lines: BinaryIO | gzip.GzipFile) -> Iterator[list[RawItem]]:
    """Raises `ValueError` for a line that no item can have: memory is bounded whatever a file unpacks to."""
    group: list[RawItem] = []
    while line := lines.readline(_LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise ValueError(f"a line of {len(line):,} bytes or more, or without an end")
        group.append(_decode_line(line).item)
        if len(group) == _GROUP_ITEMS:
            yield group
            group = []
    if group:
        yield group


class _Hashing:
    """A binary file that counts and hashes (SHA-256) the bytes that pass through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._note(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """The caller that opened the file closes it."""

    def _note(self, data: bytes) -> None:
        self.hash.update(data)
        self.size += len(data)
