"""A copy that a person confirms, and its progress: one line rewritten on a terminal, else a plain line now and then."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tee_infra.aws.dynamodb import DynamoDb, TransportName
from tee_infra.cli.output import Output, confirm_by_name
from tee_infra.cli.printing import end_progress, show_progress
from tee_infra.core.data.copy_policy import TablePlan
from tee_infra.workflows.data.copy_environment import CopyPlan, run_copy
from tee_infra.workflows.data.copy_table import CopyProgress, CopyResult

_PLAIN_SECONDS: Final = 10.0


class CopyMeter:
    """Prints the progress of a copy on standard error. Use it with `with`."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = time.monotonic()

    def __enter__(self) -> "CopyMeter":
        return self

    def __exit__(self, *_error: object) -> None:
        if self._terminal:
            end_progress()

    def __call__(self, table: TablePlan, at: CopyProgress) -> None:
        """`at` is the progress of the copy of `table`."""
        now = time.monotonic()
        if self._terminal or now - self._said >= _PLAIN_SECONDS:
            self._said = now
            show_progress(progress_line(table, at), rewrite=self._terminal)


def carry_out(
    output: Output,
    databases: Sequence[DynamoDb],
    plan: CopyPlan,
    checkpoint: Path | None,
    *,
    resume: bool,
    transport: TransportName | None,
    yes: bool,
) -> list[CopyResult]:
    """Ask for the target's name, then copy. `databases` are the source's and the target's.

    Raises as `confirm_by_name` and `run_copy` do.
    """
    confirm_by_name(output, plan.target.name, f"This writes to {plan.target.name}.", yes=yes)
    source, target = databases
    with CopyMeter() as meter:
        return run_copy(source, target, plan, checkpoint, resume=resume, transport=transport, report=meter)


def progress_line(table: TablePlan, at: CopyProgress) -> str:
    """Items, megabytes, capacity units a second, throttles, and the time left by the estimate of items."""
    seconds = max(at.seconds, 0.001)
    line = f"{table.name}: {at.items:,} items, {at.size / 1e6:,.1f} MB, {at.units / seconds:,.0f} units/s"
    if at.throttled:
        line += f", {at.throttled:,} throttled"
    if at.items and table.estimate.items > at.items:
        line += f", {(table.estimate.items - at.items) * seconds / at.items:,.0f} s left"
    return line
