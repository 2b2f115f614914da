"""A snapshot is code: only what this user's own process wrote is loaded, and no other file is lost."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tee_infra.local import private_files, sealed, snapshot
from tee_infra.local.user_key import FileRefusedError, KeyRefusedError, user_key

KEY = bytes(range(32))


class Code:
    """What a hostile pickle does when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.fixture
def hostile(tmp_path: Path) -> bytes:
    return pickle.dumps({"moto": Code(tmp_path / "ran"), "held": {}})


def as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def of_another_user_or_machine(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, content, bytes(32))


def tampered(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, b"harmless", KEY)
    path.write_bytes(path.read_bytes().replace(b"harmless", content))


def sealed_for_something_else(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, b"", KEY)
    path.write_bytes(path.read_bytes() + content)


def writable_by_others(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, content, KEY)
    path.chmod(0o660)


def symbolic_link(path: Path, content: bytes) -> None:
    sealed.write_sealed(path.with_name("elsewhere"), content, KEY)
    path.symlink_to(path.with_name("elsewhere"))


def dangling_link(path: Path, content: bytes) -> None:
    path.symlink_to("/nowhere")


def fifo(path: Path, content: bytes) -> None:
    os.mkfifo(path)


def folder(path: Path, content: bytes) -> None:
    path.mkdir()


def of_another_owner(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, content, KEY)
    if os.geteuid() != 0:
        pytest.skip("only root may give a file away")
    os.chown(path, 12345, 12345)


def cut(path: Path, content: bytes) -> None:
    sealed.write_sealed(path, content, KEY)
    path.write_bytes(path.read_bytes()[:40])


PLANTED = [
    as_it_is, of_another_user_or_machine, tampered, sealed_for_something_else, writable_by_others, symbolic_link,
    dangling_link, fifo, folder, of_another_owner, cut,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_snapshot_is_never_loaded_and_never_lost(
    tmp_path: Path, hostile: bytes, plant: Callable[[Path, bytes], None]
) -> None:
    path = tmp_path / "snapshot"
    plant(path, hostile)
    before = os.lstat(path)
    notice = snapshot.load(path, KEY)
    assert not (tmp_path / "ran").exists()
    assert notice is not None
    assert len(notice.splitlines()) == 1
    (aside,) = tmp_path.glob("snapshot.unreadable-*")
    assert str(aside) in notice
    after = os.lstat(aside)
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert not os.path.lexists(path)


def test_two_snapshots_set_aside_in_one_second_are_two_files(tmp_path: Path) -> None:
    for content in (b"1", b"2"):
        (tmp_path / "snapshot").write_bytes(content)
        snapshot.load(tmp_path / "snapshot", KEY)
    assert {path.read_bytes() for path in tmp_path.glob("snapshot.unreadable-*")} == {b"1", b"2"}


def test_a_snapshot_that_cannot_be_set_aside_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "snapshot").write_bytes(b"1")
    with patch.object(Path, "rename", side_effect=PermissionError), pytest.raises(PermissionError):
        snapshot.load(tmp_path / "snapshot", KEY)
    assert (tmp_path / "snapshot").read_bytes() == b"1"


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    sealed.write_sealed(path, b"content", KEY)
    good = path.read_bytes()
    assert sealed.read_sealed(path, KEY) == b"content"
    for place in range(len(good) * 8):
        flipped = bytearray(good)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(FileRefusedError):
            sealed.read_sealed(path, KEY)


def test_an_own_snapshot_in_a_copied_checkout_is_loaded(tmp_path: Path) -> None:
    sealed.write_sealed(tmp_path / "a", b"content", KEY)
    shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-copy"))
    assert sealed.read_sealed(tmp_path.with_name(f"{tmp_path.name}-copy") / "a", KEY) == b"content"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "tee-infra"


def test_the_key_is_made_once_and_only_its_owner_can_read_it(config: Path) -> None:
    assert len(user_key()) == 32
    assert user_key() == user_key()
    assert [path.name for path in config.iterdir()] == ["key"]
    assert (config.stat().st_mode & 0o777, (config / "key").stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("configured", [None, "", "relative/path"])
def test_without_a_configured_directory_it_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME") if configured is None else monkeypatch.setenv("XDG_CONFIG_HOME", configured)
    user_key()
    assert (tmp_path / ".config" / "tee-infra" / "key").is_file()


def open_to_others(key: Path) -> None:
    key.chmod(0o640)


def short(key: Path) -> None:
    key.write_bytes(b"short")


def linked(key: Path) -> None:
    key.rename(key.with_name("other"))
    key.symlink_to(key.with_name("other"))


def folder_in_its_place(key: Path) -> None:
    key.unlink()
    key.mkdir()


def no_folder(key: Path) -> None:
    shutil.rmtree(key.parent)
    key.parent.write_text("a file")


@pytest.mark.parametrize("spoil", [open_to_others, short, linked, folder_in_its_place, no_folder])
def test_a_key_that_others_may_know_is_refused_and_never_replaced(config: Path, spoil: Callable[[Path], None]) -> None:
    user_key()
    spoil(config / "key")
    with pytest.raises(KeyRefusedError, match="Nothing was started or changed"):
        user_key()


def test_a_missing_key_is_made_again_and_sets_aside_what_the_old_one_sealed(config: Path, tmp_path: Path) -> None:
    sealed.write_sealed(tmp_path / "snapshot", pickle.dumps({}), user_key())
    (config / "key").unlink()
    assert "another user or on another machine" in (snapshot.load(tmp_path / "snapshot", user_key()) or "")


def test_a_file_is_private_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (modes.append(os.fstat(number).st_mode & 0o777), fsync(number)))
    (tmp_path / "file").write_text("open to all")
    private_files.write_whole(tmp_path / "file", b"content")
    assert modes == [0o600]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
