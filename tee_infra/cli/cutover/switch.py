"""`tee-infra switch` and `tee-infra rollback`."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import click
from pydantic import RootModel

from tee_infra.cli.cutover.options import open_context
from tee_infra.cli.options import (
    dry_run_option,
    environment_argument,
    examples,
    json_option,
    local_option,
    yes_option,
)
from tee_infra.cli.output import Output, confirm_by_name, prints, require_answers
from tee_infra.cli.results import ResultModel
from tee_infra.core.cutover.preflight import Condition, require
from tee_infra.core.cutover.slots import direction, environment_of
from tee_infra.core.cutover.switching import Outcome
from tee_infra.core.environments import Environment
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.earlier_switch import WayBack, end_unfinished, way_back
from tee_infra.workflows.cutover.lossy_rollback import lost_writes, prepared_lossy_rollback
from tee_infra.workflows.cutover.switch import PreparedSwitch, prepared_switch
from tee_infra.workflows.cutover.transform import load_transform

_SHOWN: Final = 20


class LostFacts(ResultModel):
    """The keys of a table that were written since the switch, as DynamoDB's JSON; 1,000 at most.

    `complete`: false if there may be others, also because a stream keeps its records for 24 hours.
    """

    keys: list[str]
    complete: bool


class PlannedSwitch(ResultModel):
    """What --dry-run shows once every condition holds; they are named.

    `expected_window_seconds`: how long writes would be held, by the latencies that were measured now. `lost`: what a
    rollback with --accept-loss gives up, by table; else null.
    """

    environment: str
    source: str
    target: str
    expected_window_seconds: float
    conditions: list[str]
    lost: dict[str, LostFacts] | None


class SwitchedFacts(ResultModel):
    """The slot that is open now, and the pointer's epoch. `switched`: false if it was open already.

    `window_seconds`: how long writes were held; `checked_keys` were compared meanwhile. Both are null if an earlier
    run did the switch and this one only finished it. `lost`: what a rollback with --accept-loss has given up, by table,
    as it was listed before; else null.
    """

    environment: str
    source: str
    target: str
    switched: bool
    epoch: int
    window_seconds: float | None
    checked_keys: int | None
    lost: dict[str, LostFacts] | None


class SwitchResult(RootModel[SwitchedFacts | PlannedSwitch]):
    """How the switch ended, or with --dry-run its plan."""


accept_loss_option = click.option(
    "--accept-loss", is_flag=True, help="Switch although the transform has no inverse, so that no rollback is possible."
)


@prints(SwitchResult)
@click.command(
    epilog=examples(
        "tee-infra switch --from prod --to prod-v2 --dry-run",
        "tee-infra switch --from prod --to prod-v2",
        "tee-infra switch --from legacy --to prod",
    )
)
@click.option("--from", "source", required=True, metavar="ENV", help="The slot that is open: prod, prod-v2 or legacy.")
@click.option("--to", "target", required=True, metavar="ENV", help="The slot to open.")
@click.option("--transform", metavar="MODULE:FUNCTION", help="The transform of the migration into the new slot.")
@accept_loss_option
@local_option
@dry_run_option
@yes_option
@json_option
def switch(
    *,
    source: str,
    target: str,
    transform: str | None,
    accept_loss: bool,
    local: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Open another slot to the app, without losing a write.

    Checks every condition first, then holds the app's writes for about a second. Until the new slot is open each
    failure, and Ctrl-C, opens the old one again. The same command ends a switch whose operator has died.
    """
    output = Output(as_json)
    home, source, target = direction(source, target)
    loaded = load_transform(transform) if transform else None
    if not dry_run:
        require_answers(output, yes=yes)
    context = open_context(home, output, local=local)
    asked = _Asked(source=source, target=target, command=f"tee-infra switch --from {source} --to {target}")
    if not dry_run and (done := _done_before(context, asked)):
        output.result(SwitchResult(done), _end_lines(done))
        return
    prepared = prepared_switch(context, source, target, asked.command, loss_accepted=accept_loss, transform=loaded)
    _switch(output, context, asked, prepared, dry_run=dry_run, yes=yes)


@prints(SwitchResult)
@click.command(epilog=examples("tee-infra rollback prod --dry-run", "tee-infra rollback prod"))
@environment_argument
@local_option
@dry_run_option
@yes_option
@json_option
@click.option("--accept-loss", is_flag=True, help="Give up the writes made since; --dry-run lists them.")
def rollback(
    *, environment: Environment, local: bool, dry_run: bool, yes: bool, as_json: bool, accept_loss: bool
) -> None:
    """Open the slot before the last switch again.

    Every write made since comes along. Possible for 48 hours after a switch, while `tee-infra migrate tail` runs. The
    conditions are those of a switch.
    A transform without an inverse allows it with --accept-loss only: the slot is then as it was at the switch.
    """
    output = Output(as_json)
    if not dry_run:
        require_answers(output, yes=yes)
    context = open_context(environment_of(environment.name), output, local=local)
    command = f"tee-infra rollback {context.environment}"
    if not dry_run:
        end_unfinished(context, command)
    way = way_back(context)
    if accept_loss:
        asked = _Asked(source=way.source, target=way.target, command=command, lost=_lost(context, way))
        prepared = prepared_lossy_rollback(context, way.source, way.target, command)
    else:
        asked = _Asked(source=way.source, target=way.target, command=command)
        prepared = prepared_switch(
            context, way.source, way.target, command, loss_accepted=False, transform=way.transform()
        )
    _switch(output, context, asked, prepared, dry_run=dry_run, yes=yes)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """The switch that `command` asks for. `lost`: what it gives up."""

    source: str
    target: str
    command: str
    lost: dict[str, LostFacts] | None = None


def _lost(context: CutoverContext, way: WayBack) -> dict[str, LostFacts]:
    found = lost_writes(context, way.source, way.target, way.position)
    return {
        table: LostFacts(keys=sorted(key.decode() for key in each.keys), complete=each.complete)
        for table, each in found.items()
    }


def _done_before(context: CutoverContext, asked: _Asked) -> SwitchedFacts | None:
    """What an earlier run, or its resumption here, has done of it; None if the switch is still to be made."""
    ended = end_unfinished(context, asked.command)
    pointer, _ = context.pointers.read()
    if isinstance(pointer, Unreadable) or (pointer.state, pointer.slot) != ("ACTIVE", asked.target):
        return None
    finished_here = ended is not None and ended.target == asked.target
    return _facts(context, asked, Outcome(slot=pointer.slot, epoch=pointer.epoch), switched=finished_here)


def _switch(
    output: Output,
    context: CutoverContext,
    asked: _Asked,
    prepared: AbstractContextManager[PreparedSwitch],
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    for line in _lost_lines(asked):
        output.say(line)
    with prepared as ready:
        for line in _condition_lines(ready.conditions):
            output.say(line)
        require(ready.facts, ready.conditions)
        window = ready.expected_window or 0.0
        output.say(f"expected: writes are held for {window:.1f} s")
        if dry_run:
            output.result(SwitchResult(_planned(context, asked, ready)), [])
            return
        confirm_by_name(output, asked.target, _question(asked, window), yes=yes)
        outcome = ready.run()
    done = _facts(context, asked, outcome, switched=True)
    output.result(SwitchResult(done), _end_lines(done))


def _question(asked: _Asked, window: float) -> str:
    loss = "" if asked.lost is None else f" {asked.target} is as it was at the switch: the writes above are given up."
    return f"The app's writes go to {asked.target} instead of {asked.source}, and wait for about {window:.1f} s.{loss}"


def _planned(context: CutoverContext, asked: _Asked, ready: PreparedSwitch) -> PlannedSwitch:
    return PlannedSwitch(
        environment=context.environment,
        source=asked.source,
        target=asked.target,
        expected_window_seconds=ready.expected_window or 0.0,
        conditions=[condition.name for condition in ready.conditions],
        lost=asked.lost,
    )


def _facts(context: CutoverContext, asked: _Asked, outcome: Outcome, *, switched: bool) -> SwitchedFacts:
    return SwitchedFacts(
        environment=context.environment,
        source=asked.source,
        target=asked.target,
        switched=switched,
        epoch=outcome.epoch,
        window_seconds=outcome.window_seconds,
        checked_keys=outcome.checked_keys,
        lost=asked.lost,
    )


def _lost_lines(asked: _Asked) -> Iterator[str]:
    for table, lost in (asked.lost or {}).items():
        more = "" if lost.complete else " or more"
        yield f"given up in {table}: {len(lost.keys)}{more} changed keys"
        yield from (f"  {key}" for key in lost.keys[:_SHOWN])
        if len(lost.keys) > _SHOWN:
            yield f"  and {len(lost.keys) - _SHOWN} others: --json has them"


def _condition_lines(found: list[Condition]) -> Iterator[str]:
    for condition in found:
        yield f"  ok  {condition.name}" if condition.holds else f"  NO  {condition.name}: {condition.problem}"


def _end_lines(done: SwitchedFacts) -> list[str]:
    if not done.switched:
        return [f"{done.target} is open already, at epoch {done.epoch}; nothing was changed"]
    lines = [f"{done.target} is open, at epoch {done.epoch}"]
    if done.window_seconds is not None:
        lines.append(
            f"writes were held for {done.window_seconds:.2f} s, in which {done.checked_keys} changed keys were compared"
        )
    return [*lines, f"which slot is kept until when: tee-infra slots {done.environment}"]
