"""The engine's lines in `tee-infra doctor`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tee_infra.engine.cache import cache_folder
from tee_infra.engine.facts import Engine
from tee_infra.engine.find import built_slot, find_cached, installed_slot, look_on_path
from tee_infra.engine.go import go_on_path

OBTAIN = "run `tee-infra engine`, which installs or builds one, or put the official `pulumi` on PATH"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact.

    Attributes:
        name: what was looked for, as a person calls it.
        ok: whether the commands can work with what was found.
        value: what was found.
        fix: the next thing to type or change; empty when nothing is missing.
    """

    name: str
    ok: bool
    value: str
    fix: str = ""


def engine_findings(environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """CLI, language host, Go and cache, in this order. Changes nothing; reads all of a cached CLI, about a second."""
    on_path = look_on_path(environ)
    engine = on_path.engine or find_cached(environ)
    cli = Finding(name="Pulumi CLI", ok=False, value=on_path.skipped or "none", fix=OBTAIN)
    if engine is not None:
        cli = usable_cli(engine, environ, skipped=on_path.skipped)
    return (cli, language_host(engine), go(environ, needed=engine is None), cache(cache_folder(environ)))


def usable_cli(engine: Engine, environ: Mapping[str, str], *, skipped: str) -> Finding:
    """The CLI that commands use; one in the cache is compared with its manifest."""
    origin = {"path": "on PATH", "installed": "official installer", "built": "built from its Go module"}[engine.source]
    value = f"{engine.version}, {origin}: {engine.command}" + (f" (skipped: {skipped})" if skipped else "")
    slots = {"installed": installed_slot, "built": built_slot}
    if engine.source in slots:
        slot = slots[engine.source](environ)
        if not slot.is_intact():
            value = f"{engine.command} has changed since it was installed"
            return Finding(name="Pulumi CLI", ok=False, value=value, fix=f"rm -r {slot.folder} && tee-infra engine")
    return Finding(name="Pulumi CLI", ok=True, value=value)


def language_host(engine: Engine | None) -> Finding:
    """The language host, which plain `pulumi up` starts to run the program."""
    if engine is None:
        return Finding(name="language host", ok=False, value="none; it is installed with the CLI", fix=OBTAIN)
    if engine.language_host is None:
        fix = f"remove {engine.command.parent} from PATH and run `tee-infra engine`, or install the official CLI"
        return Finding(name="language host", ok=False, value=f"none beside {engine.command}", fix=fix)
    return Finding(name="language host", ok=True, value=str(engine.language_host))


def go(environ: Mapping[str, str], *, needed: bool) -> Finding:
    """The Go that would build a CLI."""
    found = go_on_path(environ)
    if found is not None:
        return Finding(name="Go", ok=True, value=str(found.command))
    value = "none of 1.21 or later on PATH"
    if needed:
        return Finding(
            name="Go", ok=False, value=value, fix="install Go, or let `tee-infra engine` download one for the build"
        )
    return Finding(name="Go", ok=True, value=f"{value}; not needed, because a CLI is installed")


def cache(folder: Path) -> Finding:
    """The folder of the cached CLIs."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if os.access(existing, os.W_OK):
        return Finding(name="engine cache", ok=True, value=str(folder))
    fix = f"make {existing} writable, or set XDG_CACHE_HOME to a folder that is"
    return Finding(name="engine cache", ok=False, value=f"{existing} cannot be written", fix=fix)
