"""Looks for a CLI without side effects: PATH first, then this user's cache."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tee_infra.engine.cache import Slot, cache_folder
from tee_infra.engine.facts import Engine
from tee_infra.engine.install_language_host import HOST
from tee_infra.engine.pins import built_version, fingerprint

# The SDK's own rule (`pulumi.automation._cmd`): at least this version, and the same major version.
MINIMUM_VERSION = (3, 1, 0)
ANSWER_SECONDS = 10


def find_engine(environ: Mapping[str, str]) -> Engine | None:
    """The CLI that commands use now, or None; changes nothing.

    Takes a few milliseconds for a CLI in the cache, and 0.1 s for one on PATH, which is run for its version.
    """
    return look_on_path(environ).engine or find_cached(environ)


def find_cached(environ: Mapping[str, str]) -> Engine | None:
    """The CLI in this user's cache; an installed one has priority over a built one."""
    installed = any(cache_folder(environ).glob("installed-*")) and installed_slot(environ).engine()
    return installed or built_slot(environ).engine()


def installed_slot(environ: Mapping[str, str]) -> Slot:
    """The slot of the official installer's CLI of the SDK's version."""
    from importlib.metadata import version  # noqa: PLC0415 - 30 ms that most runs need not pay

    sdk = version("pulumi")
    folder = cache_folder(environ) / f"installed-{sdk}"
    return Slot(folder=folder, version=sdk, recipe="official installer", source="installed")


def built_slot(environ: Mapping[str, str]) -> Slot:
    """The slot of the CLI built from the Go module."""
    folder = cache_folder(environ) / f"built-{built_version()}"
    return Slot(folder=folder, version=built_version(), recipe=fingerprint(), source="built")


@dataclass(frozen=True, kw_only=True)
class OnPath:
    """The CLI on PATH: a usable one, or the reason to skip it, or neither."""

    engine: Engine | None = None
    skipped: str = ""


def look_on_path(environ: Mapping[str, str]) -> OnPath:
    """The first `pulumi` on PATH, checked against the SDK's rule."""
    found = shutil.which("pulumi", path=environ.get("PATH", os.defpath))
    if found is None:
        return OnPath()
    command = Path(found).absolute()
    cached = find_cached(environ)
    if cached and command.resolve() == cached.command.resolve():
        return OnPath(engine=cached)
    try:
        answer = ask_version(command, environ)
    except (OSError, subprocess.SubprocessError) as error:
        return OnPath(skipped=f"{command} does not answer `pulumi version` ({error})")
    if not is_accepted(answer):
        return OnPath(skipped=f"{command} is version {answer or 'unknown'}, but the SDK needs {accepted_range()}")
    return OnPath(engine=Engine(command, answer, host_of(command, environ), "path"))


def ask_version(command: Path, environ: Mapping[str, str]) -> str:
    """The output of `pulumi version`, without a leading `v`.

    Raises:
        OSError: it cannot be started.
        subprocess.SubprocessError: it failed, or gave no answer in 10 s.
    """
    answer = subprocess.run(  # noqa: S603
        [command, "version"],
        env={**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_SECONDS,
    )
    return answer.stdout.strip().removeprefix("v")


def is_accepted(answer: str) -> bool:
    """Whether the SDK works with a CLI of this version."""
    parts = re.match(r"(\d+)\.(\d+)\.(\d+)", answer)
    if parts is None:
        return False
    number = tuple(int(part) for part in parts.groups())
    return number[0] == MINIMUM_VERSION[0] and number >= MINIMUM_VERSION


def accepted_range() -> str:
    """The rule, for people."""
    return f"{'.'.join(str(part) for part in MINIMUM_VERSION)} or later, below {MINIMUM_VERSION[0] + 1}"


def host_of(command: Path, environ: Mapping[str, str]) -> Path | None:
    """The language host that this CLI would start: on PATH, otherwise beside the real binary."""
    beside = command.resolve().with_name(HOST)
    found = shutil.which(HOST, path=environ.get("PATH", os.defpath)) or (beside if beside.exists() else None)
    return Path(found) if found else None
