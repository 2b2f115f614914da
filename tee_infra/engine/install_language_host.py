"""Puts the language host beside a built CLI, which the engine searches right after PATH.

Real files in the CLI's own folder: the engine follows symbolic links to its own binary and searches there. On the
virtualenv's PATH, every other Pulumi CLI of that shell would use the host too, with a warning.
"""

import io
import os
import zipfile
from pathlib import Path

HOST = "pulumi-language-python"
EXECUTOR = "pulumi-language-python-exec"
SOURCES = Path(__file__).parent / "language_host"
PACKAGE = "tee_infra/engine/language_host"


def put_language_host(folder: Path) -> Path:
    """Write the host's launcher and modules into `folder` unless they are up to date.

    Each file is replaced atomically, so a host that starts meanwhile reads the old or the new one. The executor is not
    written here: it comes with the CLI's Go module. Returns the launcher's path.
    """
    put(folder / f"{HOST}.pyz", packed_modules())
    return put(folder / HOST, (SOURCES / "launcher.sh").read_bytes(), mode=0o755)


def packed_modules() -> bytes:
    """The host's modules as one runnable archive, the same bytes for the same sources."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for package in ("tee_infra", "tee_infra/engine"):
            archive.writestr(zipfile.ZipInfo(f"{package}/__init__.py"), "")
        for source in sorted(SOURCES.glob("*.py")):
            name = "__main__.py" if source.name == "__main__.py" else f"{PACKAGE}/{source.name}"
            archive.writestr(zipfile.ZipInfo(name), source.read_bytes())
    return packed.getvalue()


def put(file: Path, content: bytes, *, mode: int = 0o644) -> Path:
    """Replace `file` atomically, if it differs."""
    if not file.exists() or file.read_bytes() != content:
        new = file.with_name(f".{file.name}.{os.getpid()}")
        new.write_bytes(content)
        new.chmod(mode)
        new.replace(file)
    return file
