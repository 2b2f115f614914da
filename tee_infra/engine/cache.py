"""The cache of one user: `$XDG_CACHE_HOME/tee-infra/engine`, by default under `~/.cache`.

A slot has one CLI. It appears by the rename of a folder that is complete and on disk, so it is complete or absent;
its manifest records its sources. The process that fills a slot holds the cache's lock, which the system releases
when the process ends in any way.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tee_infra.engine.facts import Engine, Source
from tee_infra.engine.install_language_host import HOST

MANIFEST = "manifest.json"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder of this user's engines; a relative XDG_CACHE_HOME is ignored, as its specification requires."""
    xdg = Path(environ.get("XDG_CACHE_HOME", ""))
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (xdg if xdg.is_absolute() else home / ".cache") / "tee-infra" / "engine"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place in the cache for one CLI.

    Attributes:
        folder: holds `bin/pulumi` and the manifest.
        version: of the CLI, without a leading `v`.
        recipe: the sources of the CLI; one made from other sources is not used.
        source: how the CLI gets here.
    """

    folder: Path
    version: str
    recipe: str
    source: Source

    def engine(self) -> Engine | None:
        """The CLI, if it exists with the manifest's recipe and size. Does not read its 115 MB."""
        command = self.folder / "bin" / "pulumi"
        manifest = self.manifest()
        if manifest.get("recipe") != self.recipe or not command.is_file():
            return None
        if manifest.get("size") != command.stat().st_size:
            return None
        host = command.with_name(HOST)
        return Engine(command, self.version, host if host.exists() else None, self.source)

    def is_intact(self) -> bool:
        """Whether the CLI's bytes match the manifest. Reads all of them: a second or less."""
        return sha256(self.folder / "bin" / "pulumi") == self.manifest().get("sha256")

    def manifest(self) -> dict[str, object]:
        """The manifest, written when the slot was filled; empty if it cannot be read."""
        try:
            manifest = json.loads((self.folder / MANIFEST).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def fill(self, made: Path) -> None:
        """Move the finished folder `made`, which must be on the cache's file system, into the slot."""
        command = made / "bin" / "pulumi"
        manifest = {
            "version": self.version,
            "recipe": self.recipe,
            "size": command.stat().st_size,
            "sha256": sha256(command),
        }
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for file in (path for path in made.rglob("*") if path.is_file()):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        shutil.rmtree(self.folder, ignore_errors=True)
        made.rename(self.folder)


@contextmanager
def sole_maker(folder: Path, report: Callable[[str], None]) -> Generator[Path]:
    """Hold the cache's lock and provide an empty working folder, on the same file system as the slots.

    A second process waits here and reports it. Files of a killed one are removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that is installing the Pulumi CLI")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob("work-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix="work-", dir=folder))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def sha256(file: Path) -> str:
    """64 hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
