"""The resume file of a copy: appended to by the workers, read by `--resume`."""

import os
import threading
from pathlib import Path
from typing import Self

from tee_infra.core.codec.digest import Signature
from tee_infra.core.data.resume_point import Header, ResumePoint, header_line, position_line, read_resume_point
from tee_infra.workflows.data.request_loop import StoppedError


class ResumeFile:
    """The file of one copy. An append is one write call: a killed process leaves at most one partial line."""

    def __init__(self, path: Path, state: ResumePoint) -> None:
        self.path = path
        self.state = state
        self._lock = threading.Lock()
        self._file = -1

    @classmethod
    def open(cls, path: Path, header: Header, *, resume: bool) -> Self:
        """Create a file, or with `resume` continue the existing one. Raises `ForeignCheckpointError`."""
        lines = path.read_bytes().splitlines(keepends=True) if resume and path.exists() else []
        opened = cls(path, read_resume_point(lines, header))
        path.parent.mkdir(parents=True, exist_ok=True)
        # Rewritten from the parsed positions: a partial last line must not corrupt the next one.
        fresh = path.with_name(f"{path.name}.new")
        positions = opened.state.positions.values()
        fresh.write_bytes(
            header_line(opened.state.header)
            + b"".join(
                position_line(at.table, at.segment, at.last_key.encode(), at.read, at.signature) for at in positions
            )
        )
        fresh.replace(path)
        opened._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        return opened

    def record(self, table: str, segment: int, last_key: bytes, read: int, signature: Signature) -> None:
        """Every item of the segment up to `last_key` (empty: its end) is acknowledged.

        Raises `StoppedError` once the file is closed: its number may be another file's by then.
        """
        with self._lock:
            if self._file < 0:
                raise StoppedError
            os.write(self._file, position_line(table, segment, last_key, read, signature))

    def close(self, *, done: bool) -> None:
        """Close the file, and delete it if the copy is `done`."""
        with self._lock:
            os.close(self._file)
            self._file = -1
        if done:
            self.path.unlink(missing_ok=True)
