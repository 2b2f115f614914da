"""The resume file of a copy: appended to by the workers, read by `--resume`."""

import os
import threading
from itertools import chain
from pathlib import Path
from typing import Final, Self

from tee_infra.core.codec.digest import Signature
from tee_infra.core.data.resume_point import Header, ResumePoint, header_line, position_line, read_resume_point
from tee_infra.workflows.data.request_loop import StoppedError
from tee_infra.workflows.files import FileInUseError, create, file_errors, hold, is_still, make_folder, open_existing
from tee_infra.workflows.files import replace as replace_file

_HEADER_BYTES: Final = 1024 * 1024


class ResumeFile:
    """The file of one copy, with mode 0600: it holds keys of items. No other run can use it meanwhile.

    An append is one write call: a killed process leaves at most one partial line.
    """

    def __init__(self, path: Path, state: ResumePoint, descriptor: int) -> None:
        self.path = path
        self.state = state
        self._lock = threading.Lock()
        self._file = descriptor

    @classmethod
    def open(cls, path: Path, header: Header, *, resume: bool) -> Self:
        """Create a file, or take the existing one of this very copy, with `resume` to continue it.

        Raises `ForeignResumePointError`, `NotAResumePointError`, `UnusableFileError`, `FileInUseError`; any other file
        is not changed.
        """
        make_folder(path.parent)
        existing = open_existing(path)
        if existing is None:
            return cls(path, ResumePoint(header), create(path, header_line(header), lock=True))
        with os.fdopen(existing, "rb") as file:
            hold(existing, path)
            if not is_still(existing, path):
                raise FileInUseError(path)
            with file_errors(path):
                state = read_resume_point(chain([file.readline(_HEADER_BYTES)], file), header)
            if not resume:
                state = ResumePoint(header)
            # Rewritten from the parsed positions: a partial last line must not corrupt the next one.
            return cls(path, state, replace_file(path, _lines(state), lock=True))

    def record(self, table: str, segment: int, last_key: bytes, read: int, signature: Signature) -> None:
        """Every item of the segment up to `last_key` (empty: its end) is acknowledged.

        Raises `StoppedError` once the file is closed: its number may be another file's by then.
        """
        with self._lock:
            if self._file < 0:
                raise StoppedError
            os.write(self._file, position_line(table, segment, last_key, read, signature))

    def close(self, *, done: bool) -> None:
        """Close the file, and delete it if the copy is `done` and no other file has taken its name."""
        with self._lock:
            still = is_still(self._file, self.path)
            os.close(self._file)
            self._file = -1
        if done and still:
            self.path.unlink(missing_ok=True)


def _lines(state: ResumePoint) -> bytes:
    positions = state.positions.values()
    return header_line(state.header) + b"".join(
        position_line(at.table, at.segment, at.last_key.encode(), at.read, at.signature) for at in positions
    )
