from pathlib import Path

import pytest

from tee_infra.core.codec.digest import Signature
from tee_infra.core.data.resume_point import ForeignResumePointError, Header
from tee_infra.workflows.data.resume_file import ResumeFile

HEADER = Header("here", "there", (), 2)


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
    assert len(ResumeFile.open(path, HEADER, resume=True).state.positions) == 2

    assert ResumeFile.open(path, HEADER, resume=False).state.positions == {}


def test_a_finished_copy_leaves_no_file(tmp_path: Path) -> None:
    file = ResumeFile.open(tmp_path / "checkpoint", HEADER, resume=True)
    file.close(done=True)
    assert list(tmp_path.iterdir()) == []


def test_another_copy_s_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    ResumeFile.open(path, HEADER, resume=False).close(done=False)
    before = path.read_bytes()
    with pytest.raises(ForeignResumePointError):
        ResumeFile.open(path, Header("here", "elsewhere", (), 2), resume=True)
    assert path.read_bytes() == before
