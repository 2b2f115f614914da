"""Runs one long external step: shows its progress, limits its time, and ends all its processes."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tee_infra.engine.progress import Progress

REPORT_SECONDS = 3.0
DETAIL_CHARACTERS = 300


class StepError(Exception):
    """A step failed; the message is one line with the step and the reason."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """An external command.

    Attributes:
        doing: the text for people while it runs, for example `building Pulumi CLI 3.259.0`.
        command: the program and its arguments.
        environ: its whole environment.
        limit_seconds: the time after which it has failed.
        folder: its working directory.
        tally: turns the lines printed so far into a count for people.
    """

    doing: str
    command: Sequence[str | Path]
    environ: Mapping[str, str]
    limit_seconds: float
    folder: Path
    tally: Callable[[Sequence[str]], str] = lambda _lines: ""


def run_step(step: Step, report: Callable[[str], None]) -> None:
    """Run it until it exits, reporting every three seconds.

    Raises:
        StepError: it cannot be started, failed, or took too long.
    """
    started = time.monotonic()
    report(Progress(f"{step.doing} …"))
    process = start(step)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        while not has_ended(process):
            seconds = time.monotonic() - started
            if seconds > step.limit_seconds:
                raise StepError(f"{step.doing}: not finished after {step.limit_seconds:.0f} s")
            report(Progress(", ".join(filter(None, (step.doing, step.tally(lines), f"{seconds:.0f} s")))))
    finally:
        kill_group(process)
    reader.join(timeout=1)
    if process.returncode != 0:
        raise StepError(f"{step.doing}: {last_line(lines) or f'exit code {process.returncode}'}")


def start(step: Step) -> subprocess.Popen[str]:
    """Start it in its own session, so that all its processes can be ended together."""
    try:
        return subprocess.Popen(  # noqa: S603
            step.command,
            cwd=step.folder,
            env=dict(step.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise StepError(f"{step.doing}: {error}") from error


def has_ended(process: subprocess.Popen[str]) -> bool:
    """Wait until the next report is due."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=REPORT_SECONDS)
    return process.returncode is not None


def kill_group(process: subprocess.Popen[str]) -> None:
    """End the step and its child processes; does nothing after a normal end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_line(lines: Sequence[str]) -> str:
    """The last non-empty line: tools print the reason there."""
    filled = [line.strip() for line in lines if line.strip()]
    return filled[-1][:DETAIL_CHARACTERS] if filled else ""
