"""Finds, installs or builds the Pulumi CLI, in this order."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tee_infra.engine.build import build
from tee_infra.engine.cache import Slot, cache_folder, sole_maker
from tee_infra.engine.facts import Engine, EngineUnavailableError
from tee_infra.engine.find import built_slot, find_cached, installed_slot, look_on_path
from tee_infra.engine.install import install
from tee_infra.engine.install_language_host import put_language_host
from tee_infra.engine.steps import StepError

Report = Callable[[str], None]


def ensure_engine(environ: Mapping[str, str], report: Report) -> Engine:
    """A working CLI, installed or built if necessary; `report` gets lines for people, some of them `Progress`.

    Two processes may call this at once: the second waits for the first and uses its CLI.

    Raises:
        EngineUnavailableError: every way failed, or the cache cannot be written.
    """
    on_path = look_on_path(environ)
    if on_path.skipped:
        report(f"skipped: {on_path.skipped}")
    engine = on_path.engine or find_cached(environ) or obtain(environ, report, why=on_path.skipped or "none on PATH")
    if engine.source != "built":
        return engine
    return replace(engine, language_host=put_language_host(engine.command.parent))  # it may be outdated


def obtain(environ: Mapping[str, str], report: Report, *, why: str) -> Engine:
    """Install or build a CLI into the cache, one process at a time."""
    reasons = [why]
    try:
        with sole_maker(cache_folder(environ), report) as work:
            engine = find_cached(environ)
            if engine is not None:
                return engine
            for attempt in (obtain_installed, obtain_built):
                try:
                    engine = attempt(work, environ, report)
                except StepError as error:
                    report(f"failed: {error}")
                    reasons.append(str(error))
                else:
                    report(f"Pulumi CLI {engine.version} is in {engine.command.parent}")
                    return engine
    except OSError as error:
        reasons.append(f"the cache cannot be written: {error}")
    raise EngineUnavailableError(reasons=tuple(reasons))


def obtain_installed(work: Path, environ: Mapping[str, str], report: Report) -> Engine:
    """The official installer's CLI."""
    slot = installed_slot(environ)
    made = work / "installed"
    install(made, version=slot.version, environ=environ, report=report)
    return filled(slot, made)


def obtain_built(work: Path, environ: Mapping[str, str], report: Report) -> Engine:
    """The CLI built from its Go module."""
    slot = built_slot(environ)
    made = work / "built"
    build(made, version=slot.version, go_home=cache_folder(environ) / "go", environ=environ, report=report)
    return filled(slot, made)


def filled(slot: Slot, made: Path) -> Engine:
    """The slot's engine after the move."""
    slot.fill(made)
    engine = slot.engine()
    if engine is None:
        raise StepError(f"{slot.folder} was changed by another program while it was filled")
    return engine
