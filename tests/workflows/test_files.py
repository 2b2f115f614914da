"""Which files that a user names are taken, how they are replaced, and who may read them afterwards."""

import os
from pathlib import Path

import pytest

from tee_infra.workflows.files import UnusableFileError, file_errors, make_folder, read_given, write_text


def write(file: Path, text: str = "ours: new") -> None:
    write_text(file, text, ours=lambda earlier: earlier.startswith(b"ours"), most=16)


@pytest.fixture(params=[0o000, 0o022, 0o777])
def _any_umask(request: pytest.FixtureRequest):
    earlier = os.umask(request.param)
    yield
    os.umask(earlier)


@pytest.mark.usefixtures("_any_umask")
@pytest.mark.parametrize("earlier", [None, b"", b"ours: old, and of any length"])
def test_an_absent_an_empty_and_our_own_file_are_taken_for_the_owner_only(
    tmp_path: Path, earlier: bytes | None
) -> None:
    file = tmp_path / ("n" * 255)
    if earlier is not None:
        file.write_bytes(earlier)
        file.chmod(0o644)
    write(file)
    assert file.read_text() == "ours: new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_completely_leaves_the_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for earlier in (None, "ours: old"):
        if earlier:
            file.write_text(earlier)
        with pytest.raises(UnicodeEncodeError):
            write(file, "\ud800")
        assert [path.read_text() for path in tmp_path.iterdir()] == ([earlier] if earlier else [])


@pytest.mark.usefixtures("_any_umask")
def test_folders_are_made_for_the_owner_only_and_existing_ones_only_closed_in_tee(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    ours = shared / ".tee" / "aws"
    ours.mkdir(parents=True)
    for folder in (ours, ours.parent):
        folder.chmod(0o755)
    make_folder(ours / "new" / "newer")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (shared, *shared.rglob("*"))}
    assert modes == {"shared": 0o775, ".tee": 0o700, "aws": 0o700, "new": 0o700, "newer": 0o700}


def test_a_link_is_followed_to_read_and_a_big_file_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345678")
    (tmp_path / "link").symlink_to("file")
    assert read_given(tmp_path / "link", 8) == b"12345678"
    with pytest.raises(UnusableFileError, match="larger than 7 bytes"):
        read_given(tmp_path / "link", 7)


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path) -> None:
    for name in ("a\0b", "n" * 256, "\ud800"):
        with pytest.raises(UnusableFileError), file_errors(tmp_path):
            read_given(tmp_path / name, 8)
