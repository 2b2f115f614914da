"""A copy's resume file: only an absent file or this very copy's own is taken, by one run at a time."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.codec.digest import Signature
from tee_infra.core.data.resume_point import (
    ForeignResumePointError,
    Header,
    NotAResumePointError,
    file_name,
    header_line,
    position_line,
    read_resume_point,
)
from tee_infra.workflows.data.resume_file import ResumeFile
from tee_infra.workflows.files import FileInUseError

HEADER = Header("here", "there", (), 2)


def opened(path: Path, *, resume: bool, header: Header = HEADER) -> int:
    """Open and close a file; the number of its positions."""
    file = ResumeFile.open(path, header, resume=resume)
    file.close(done=False)
    return len(file.state.positions)


def test_a_file_is_gone_on_with_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "checkpoint"
    file = ResumeFile.open(path, HEADER, resume=False)
    file.record("t", 0, b'{"pk":{"S":"a"}}', 5, Signature(5, 7))
    file.record("t", 0, b"", 9, Signature(9, 8))
    file.close(done=False)
    with path.open("ab") as torn:
        torn.write(b'{"table":"t","segm')

    resumed = ResumeFile.open(path, HEADER, resume=True)
    position = resumed.state.positions["t", 0]
    assert (position.done, position.read, position.signature) == (True, 9, Signature(9, 8))
    resumed.record("t", 1, b"", 1, Signature(1, 1))
    resumed.close(done=False)
    assert opened(path, resume=True) == 2
    assert opened(path, resume=False) == 0
    assert opened(path, resume=True) == 0


def test_a_finished_copy_leaves_no_file(tmp_path: Path) -> None:
    file = ResumeFile.open(tmp_path / "checkpoint", HEADER, resume=True)
    file.close(done=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("resume", [True, False])
def test_another_copy_s_file_is_left_as_it_is(tmp_path: Path, resume: bool) -> None:
    path = tmp_path / "checkpoint"
    opened(path, resume=False)
    before = path.read_bytes()
    with pytest.raises(ForeignResumePointError, match=r"Nothing was written\. Name another file with --checkpoint"):
        opened(path, resume=resume, header=Header("here", "elsewhere", (), 2))
    assert path.read_bytes() == before


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_the_owner_reads_the_keys_in_it(tmp_path: Path, umask: int) -> None:
    path, earlier = tmp_path / ".tee" / "checkpoint", os.umask(umask)
    try:
        for _ in range(2):
            opened(path, resume=True)
            assert [entry.stat().st_mode & 0o777 for entry in (path, path.parent)] == [0o600, 0o700]
            path.chmod(0o644)
    finally:
        os.umask(earlier)


@pytest.mark.parametrize("resume", [True, False])
def test_a_file_is_used_by_one_run_at_a_time(tmp_path: Path, resume: bool) -> None:
    path = tmp_path / "checkpoint"
    first = ResumeFile.open(path, HEADER, resume=False)
    with pytest.raises(FileInUseError, match="another run is using this file"):
        ResumeFile.open(path, HEADER, resume=resume)
    first.record("t", 0, b"", 9, Signature(9, 8))
    first.close(done=False)
    assert opened(path, resume=True) == 1


def test_a_file_that_took_the_name_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    file = ResumeFile.open(path, HEADER, resume=False)
    path.unlink()
    path.write_text("precious")
    file.close(done=True)
    assert path.read_text() == "precious"


def test_a_copy_killed_while_it_began_begins_again(tmp_path: Path) -> None:
    path, line = tmp_path / "checkpoint", header_line(HEADER)
    for length in range(len(line)):
        path.write_bytes(line[:length])
        assert opened(path, resume=True) == 0


@given(st.binary(min_size=1, max_size=60), st.booleans())
def test_no_other_content_is_taken_for_a_resume_file(content: bytes, after_header: bool) -> None:
    if not after_header and header_line(HEADER).startswith(content):
        return
    line = content.replace(b"\n", b"") + b"\n"
    lines = [header_line(HEADER), line] if after_header else [content]
    with pytest.raises((NotAResumePointError, ForeignResumePointError)):
        read_resume_point(lines, HEADER)


@pytest.mark.parametrize(
    "line",
    [
        position_line("t", 2, b"", 1, Signature(1, 1)),
        position_line("t", -1, b"", 1, Signature(1, 1)),
        position_line("t", 0, b'{"pk":"a"}', 1, Signature(1, 1)),
        position_line("t", 0, b'{"pk":', 1, Signature(1, 1)),
        position_line("t", 0, b"", -1, Signature(1, 1)),
        position_line("t", 0, b"", 1, Signature(1, 1)).replace(b'"1"', b'"x"'),
        position_line("t", 0, b"", 1, Signature(1, 1)).replace(b"{", b'{"thesis":1,', 1),
    ],
)
def test_a_position_that_cannot_be_is_refused(line: bytes) -> None:
    with pytest.raises(NotAResumePointError, match="line 2"):
        read_resume_point([header_line(HEADER), line], HEADER)


@settings(max_examples=30)
@given(st.text(max_size=300), st.text(max_size=40).map(lambda text: text * 30), st.text(max_size=30))
def test_each_copy_has_a_file_name_of_its_own_that_every_file_system_takes(
    source: str, target: str, condition: str
) -> None:
    header = Header("here", "there", ((source, target),), 8, filter=condition)
    name = file_name(source, target, header)
    assert len(name.encode()) <= 100
    assert "/" not in name
    assert name == file_name(source, target, msgspec.structs.replace(header, segments=1))
    assert name != file_name(source, target, Header("here", "there", ((source, target),), 8, filter=f"{condition}!"))
