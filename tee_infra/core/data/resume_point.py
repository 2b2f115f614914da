"""The progress of a copy, as appended lines, from which `--resume` continues.

The first line is the header: sources, targets and the number of segments. Each further line records that every item
of a segment up to a key is acknowledged. A crash can cut off the last line; it is ignored, and its page is
copied again, which changes nothing.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tee_infra.core.codec.digest import Signature
from tee_infra.errors import UsageError

_LONGEST_SIDES: Final = 64
_MOST_SEGMENTS: Final = 1_000_000
"""DynamoDB's limit of Scan's TotalSegments."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The copy that a checkpoint belongs to. `tables` pairs sources with targets; `transform` and `filter` are texts
    that differ for different transforms and filters. `ids` differ for a table that was created again; a checkpoint of
    an earlier version has none."""

    source: str
    target: str
    tables: tuple[tuple[str, str], ...]
    segments: int
    transform: str = ""
    filter: str = ""
    ids: tuple[str, ...] = ()


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One segment's position in a target table: at the raw `last_key`, or at the end when it is empty.

    `count` and `total` (hexadecimal) are the signature of the written items.
    """

    table: str
    segment: int
    last_key: str
    read: int
    count: int
    total: str

    @property
    def done(self) -> bool:
        """Whether the segment is finished."""
        return not self.last_key

    @property
    def signature(self) -> Signature:
        """The signature of the written items."""
        return Signature(self.count, int(self.total, 16))


@dataclass
class ResumePoint:
    """A header and the last position of each segment of each target table."""

    header: Header
    positions: dict[tuple[str, int], Position] = field(default_factory=dict[tuple[str, int], Position])


class ForeignResumePointError(UsageError):
    """The checkpoint belongs to another copy."""

    def __init__(self, expected: Header, found: Header) -> None:
        self.expected = expected
        self.found = found
        wanted, had = msgspec.structs.asdict(expected), msgspec.structs.asdict(found)
        different = ", ".join(
            f"{name} {had[name]!r} is not {wanted[name]!r}" for name in wanted if wanted[name] != had[name]
        )
        super().__init__(
            f"the checkpoint belongs to another copy: {different}. Nothing was written",
            next="Name another file with --checkpoint FILE",
        )


class NotAResumePointError(UsageError):
    """The file is not one that a copy has written; `reason` is the first difference."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the checkpoint is not the file of a copy: {reason}. Nothing was written",
            next="Name another file with --checkpoint FILE",
        )


_decode_header = msgspec.json.Decoder(Header).decode
_decode_position = msgspec.json.Decoder(Position).decode
_decode_key = msgspec.json.Decoder(dict[str, dict[str, str]]).decode


def header_line(header: Header) -> bytes:
    """The first line."""
    return msgspec.json.encode(header) + b"\n"


def file_name(source: str, target: str, header: Header) -> str:
    """The name of a copy's own resume file, at most 100 bytes however long the names of its sides are.

    Different copies between the same sides have different files.
    """
    sides = re.sub(r"[^A-Za-z0-9._-]", "-", f"{source}-{target}")[:_LONGEST_SIDES]
    identity = msgspec.json.encode(msgspec.structs.replace(header, segments=0))  # the file's own number wins
    return f"copy-{sides}-{hashlib.sha256(identity).hexdigest()[:16]}.checkpoint"


def position_line(table: str, segment: int, last_key: bytes, read: int, signature: Signature) -> bytes:
    """A line to append once every item up to `last_key` is acknowledged."""
    position = Position(table, segment, last_key.decode(), read, signature.count, format(signature.total, "x"))
    return msgspec.json.encode(position) + b"\n"


def read_resume_point(lines: Iterable[bytes], expected: Header) -> ResumePoint:
    """The state after these lines. No lines, or a cut-off header of this copy: the copy has not begun.

    `expected.segments` is the number for a new copy; the one in the file wins. Raises `ForeignResumePointError`, and
    `NotAResumePointError` for the lines of any other file.
    """
    rest = iter(lines)
    first = next(rest, b"")
    if header_line(expected).startswith(first):
        if first.endswith(b"\n"):
            return ResumePoint(expected, _positions(rest, expected.segments))
        return ResumePoint(expected)
    try:
        header = _decode_header(first)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotAResumePointError("line 1 is not a header") from None
    header = msgspec.structs.replace(header, ids=header.ids or expected.ids)
    expected = msgspec.structs.replace(expected, segments=header.segments)
    if header != expected:
        raise ForeignResumePointError(expected, header)
    if not 1 <= header.segments <= _MOST_SEGMENTS:
        raise NotAResumePointError(f"line 1 has {header.segments} segments")
    return ResumePoint(header, _positions(rest, header.segments))


def _positions(lines: Iterable[bytes], segments: int) -> dict[tuple[str, int], Position]:
    """The last position of each segment. A last line that was cut off is ignored."""
    found: dict[tuple[str, int], Position] = {}
    for number, line in enumerate(lines, start=2):
        if not line.endswith(b"\n"):
            break
        try:
            position = _decode_position(line)
            int(position.total, 16)
            if position.last_key:
                _decode_key(position.last_key)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
            raise NotAResumePointError(f"line {number} is damaged") from None
        if min(position.read, position.count) < 0:
            raise NotAResumePointError(f"line {number} is damaged")
        if not 0 <= position.segment < segments:
            raise NotAResumePointError(f"line {number} has segment {position.segment} of {segments}")
        found[position.table, position.segment] = position
    return found
