"""Runs one long external step: shows that it moves, limits its time, and leaves nothing running behind it."""

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
    """A step failed; the text is one line that says which and why."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """An external command.

    Attributes:
        doing: what a person reads while it runs, for example `building Pulumi CLI 3.259.0`.
        command: the program and its arguments.
        environ: its whole environment.
        limit_seconds: after so long it has failed.
        folder: its working directory.
        tally: makes a count for people out of the lines printed so far.
    """

    doing: str
    command: Sequence[str | Path]
    environ: Mapping[str, str]
    limit_seconds: float
    folder: Path
    tally: Callable[[Sequence[str]], str] = lambda _lines: ""


def run_step(step: Step, report: Callable[[str], None]) -> None:
    """Run it to its end, reporting every three seconds.

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
                raise StepError(f"{step.doing}: not done after {step.limit_seconds:.0f} s")
            report(Progress(", ".join(filter(None, (step.doing, step.tally(lines), f"{seconds:.0f} s")))))
    finally:
        kill_group(process)
    reader.join(timeout=1)
    if process.returncode != 0:
        raise StepError(f"{step.doing}: {last_line(lines) or f'exit code {process.returncode}'}")


def start(step: Step) -> subprocess.Popen[str]:
    """Start it in a session of its own, so that all it starts can be ended together."""
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
    """End the step and what it started; does nothing after a normal end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_line(lines: Sequence[str]) -> str:
    """The last line with anything in it: tools put the reason there."""
    filled = [line.strip() for line in lines if line.strip()]
    return filled[-1][:DETAIL_CHARACTERS] if filled else ""
