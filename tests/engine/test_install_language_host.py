import io
import os
import sys
import zipfile
from pathlib import Path

from tee_infra.engine.install_language_host import HOST, PACKAGE, SOURCES, packed_modules, put_language_host


def test_the_archive_holds_every_module_and_is_the_same_each_time():
    archive = zipfile.ZipFile(io.BytesIO(packed_modules()))

    packed = {Path(name).name for name in archive.namelist() if name.startswith(PACKAGE) or name == "__main__.py"}
    assert packed == {source.name for source in SOURCES.glob("*.py")}
    assert packed_modules() == packed_modules()


def test_files_that_are_as_they_should_be_are_left_alone(tmp_path):
    launcher = put_language_host(tmp_path)
    before = {path: path.stat().st_ino for path in tmp_path.iterdir()}

    assert put_language_host(tmp_path) == launcher
    assert {path: path.stat().st_ino for path in tmp_path.iterdir()} == before
    assert os.access(launcher, os.X_OK)
    assert not launcher.is_symlink()


def test_the_virtualenv_has_no_language_host_of_its_own():
    assert not (Path(sys.prefix) / "bin" / HOST).exists()
