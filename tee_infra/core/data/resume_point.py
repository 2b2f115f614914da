"""The progress of a copy, as appended lines, from which `--resume` continues.

The first line is the header: sources, targets and the number of segments. Each further line records that every item
of a segment up to a key is acknowledged. A crash can cut off the last line; it is ignored, and its page is
copied again, which changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from tee_infra.core.codec.digest import Signature
from tee_infra.errors import UsageError


class Header(msgspec.Struct, frozen=True):
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


class Position(msgspec.Struct, frozen=True):
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
            f"the checkpoint belongs to another copy: {different}",
            next="Start again from the beginning without --resume",
        )


def header_line(header: Header) -> bytes:
    """The first line."""
    return msgspec.json.encode(header) + b"\n"


def position_line(table: str, segment: int, last_key: bytes, read: int, signature: Signature) -> bytes:
    """A line to append once every item up to `last_key` is acknowledged."""
    position = Position(table, segment, last_key.decode(), read, signature.count, format(signature.total, "x"))
    return msgspec.json.encode(position) + b"\n"


def read_resume_point(lines: Iterable[bytes], expected: Header) -> ResumePoint:
    """The state after these lines. No lines, or a cut-off header: the copy has not begun.

    `expected.segments` is the number for a new copy; the one in the file wins. Raises `ForeignResumePointError`.
    """
    complete = [line for line in lines if line.endswith(b"\n")]
    if not complete:
        return ResumePoint(expected)
    header = msgspec.json.decode(complete[0], type=Header)
    header = msgspec.structs.replace(header, ids=header.ids or expected.ids)
    expected = msgspec.structs.replace(expected, segments=header.segments)
    if header != expected:
        raise ForeignResumePointError(expected, header)
    found = [msgspec.json.decode(line, type=Position) for line in complete[1:]]
    return ResumePoint(header, {(position.table, position.segment): position for position in found})
