"""`tee-infra migrate tail`."""

import sys
import time
from typing import Final

import click

from tee_infra.cli.cutover.options import open_context
from tee_infra.cli.options import environment_argument, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.printing import end_progress, show_progress
from tee_infra.cli.results import ResultModel
from tee_infra.core.cutover.slots import environment_of
from tee_infra.core.environments import Environment
from tee_infra.errors import RefusedError
from tee_infra.workflows.cutover.tail import Tail, TailState

_SAY_AGAIN_SECONDS: Final = 60.0


class MigrateTailResult(ResultModel):
    """What the tail did last. `source` is the open slot, `target` the one that follows it, null while unknown.

    `waits`: why it was not following, else null. `caught_up`: the target had every write that the source had; only with
    --until-caught-up. `lag_seconds`: how long a write to the source takes to be in the target, null while unknown.
    `different`: items of the last comparison, null without one; in the slot that was open before the last switch they
    are not overwritten.
    """

    source: str | None
    target: str | None
    following: bool
    caught_up: bool
    waits: str | None
    lag_seconds: float | None
    quarantined: int
    different: int | None


class NotFollowingError(RefusedError):
    """The tail cannot follow the open slot now."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"tail of {environment}: it does not follow: {reason}. Nothing was written",
            next=f"See what runs: tee-infra migrate status {environment}",
        )


class _Meter:
    """Prints the state on standard error: one line that is rewritten on a terminal, else a line for each change."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = ""
        self._said_at = 0.0

    def __call__(self, state: TailState) -> None:
        """Show it."""
        what = _what(state)
        if self._terminal:
            show_progress(f"{what}{_lag(state)}", rewrite=True)
        elif what != self._said or time.monotonic() - self._said_at >= _SAY_AGAIN_SECONDS:
            self._said, self._said_at = what, time.monotonic()
            show_progress(f"{what}{_lag(state)}", rewrite=False)

    def close(self) -> None:
        """End the rewritten line."""
        if self._terminal:
            end_progress()


@prints(MigrateTailResult)
@click.command()
@environment_argument
@click.option("--until-caught-up", is_flag=True, help="End once the other slot has every write of the open one.")
@local_option
@json_option
def tail(*, environment: Environment, until_caught_up: bool, local: bool, as_json: bool) -> None:
    """Follow the open slot, so that a switch can be undone.

    Runs in the foreground until Ctrl-C or SIGTERM, and can be started again at any time. It waits while another process
    replicates, hands over to a switch, and follows back after it. Keep one running for as long as a rollback is to be
    possible: a stream keeps its records for 24 hours.
    """
    output = Output(as_json)
    home = environment_of(environment.name)
    context = open_context(home, output, local=local)
    meter = _Meter()
    try:
        state = Tail(context, meter).run(until_caught_up=until_caught_up)
    finally:
        meter.close()
    refused = until_caught_up and bool(state.waits)
    output.result(_result(state), [] if refused else [_what(state) if state.caught_up else f"stopped: {_what(state)}"])
    if refused:
        raise NotFollowingError(home, state.waits)


def _result(state: TailState) -> MigrateTailResult:
    return MigrateTailResult(
        source=state.source,
        target=state.target,
        following=state.following,
        caught_up=state.caught_up,
        waits=state.waits or None,
        lag_seconds=state.lag_seconds,
        quarantined=state.quarantined,
        different=state.different,
    )


def _what(state: TailState) -> str:
    if state.caught_up:
        return f"{state.target} has every write of {state.source}"
    if state.following:
        held = f", {state.quarantined:,} items in quarantine" if state.quarantined else ""
        differ = f", {state.different:,} items differ: tee-infra migrate status" if state.different else ""
        return f"{state.source} -> {state.target}: following{held}{differ}"
    return f"waiting: {state.waits}"


def _lag(state: TailState) -> str:
    if not state.following:
        return ""
    return ", lag unknown" if state.lag_seconds is None else f", lag {state.lag_seconds:,.1f} s"
