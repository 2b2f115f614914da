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
            hashing = _Hashing(stored)
            with gzip.open(hashing) as lines:  # pyright: ignore[reportCallIssue, reportArgumentType]
                for items in _grouped(lines):
                    signature.add(items)
                    progress(len(items))
    except FileNotFoundError:
        return None, signature  # already reported by `missing_and_unlisted`
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        return f"{file.name}: damaged: {error}", signature
    if (hashing.size, hashing.hash.hexdigest()) != (file.size, file.sha256):
        return f"{file.name}: size or SHA-256 differs from the manifest", signature
    if signature.count != file.items:
        return f"{file.name}: {signature.count} items, {file.items} in the manifest", signature
    return None, signature


def _grouped(lines: Iterable[bytes]) -> Iterator[list[RawItem]]:
    group: list[RawItem] = []
    for line in lines:
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

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._note(data)
        return data

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """The caller that opened the file closes it."""

    def _note(self, data: bytes) -> None:
        self.hash.update(data)
        self.size += len(data)
