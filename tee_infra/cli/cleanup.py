"""`tee-infra cleanup`."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

import click
from pydantic import RootModel

from tee_infra.cli.features.report import open_context
from tee_infra.cli.options import examples, json_option, local_option, now_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import ResultModel, Time
from tee_infra.core.cleanup.decision import Action, Policy, ReasonCode
from tee_infra.core.cleanup.plan import Decision, LeaseWarning
from tee_infra.core.cost.environment import PRICES_AS_OF
from tee_infra.core.times import parse_duration, render_duration, render_left
from tee_infra.errors import PartialError, UsageError
from tee_infra.workflows.cleanup.live_branches import live_branches, read_branches, trunks
from tee_infra.workflows.cleanup.run import Planned, Result, execute, plan
from tee_infra.workflows.features.context import FeatureContext

MAX_DESTROYS: Final = 20
"""As many as the default quota; a person has to confirm more in one run with `--max`."""
_BUDGET: Final = {"at_least": timedelta(minutes=1), "at_most": timedelta(hours=6)}
_GRACE: Final = {"at_least": timedelta(), "at_most": timedelta(days=7)}
_ORDER: Final = ("destroy", "review", "keep")


class NotAllDestroyedError(PartialError):
    """Some environments that were planned to be destroyed still exist."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results
        failed = [result.environment for result in results if result.result == "failed"]
        waiting = [result.environment for result in results if result.result == "not-started"]
        parts = [f"{len(failed)} failed ({', '.join(failed)})"] if failed else []
        parts += [f"{len(waiting)} not started within the time budget ({', '.join(waiting)})"] if waiting else []
        super().__init__(
            f"cleanup: {'; '.join(parts)}. The reasons are shown above, and the next run retries",
            next="To retry now: tee-infra cleanup --execute",
        )


class DecisionFacts(ResultModel):
    """What is or would be done with an environment, and why; `reason_code` keeps its meaning."""

    environment: str
    action: Action
    reason_code: ReasonCode
    reason: str
    owner: str | None
    branch: str | None
    expires_at: Time | None


class WarningFacts(ResultModel):
    """An environment whose lease ends `within` this time, e.g. 48h."""

    environment: str
    owner: str
    branch: str
    expires_at: Time
    within: str


class DestroyFacts(ResultModel):
    """How the destroy of an environment ended."""

    environment: str
    result: Literal["destroyed", "failed", "kept", "not-started"]
    detail: str
    seconds: float


class CleanupPlanFacts(ResultModel):
    """The decisions about every environment, and the leases that end soon."""

    target: str
    decisions: list[DecisionFacts]
    warnings: list[WarningFacts]
    saved_usd_per_month: float


class CleanupRunFacts(CleanupPlanFacts):
    """The decisions, and what --execute did."""

    results: list[DestroyFacts]


class CleanupResult(RootModel[CleanupRunFacts | CleanupPlanFacts]):
    """What would be destroyed and why; with --execute, also how that ended."""


@prints(CleanupResult)
@click.command(
    epilog=examples("tee-infra cleanup", "tee-infra cleanup --execute --grace 1h", "tee-infra cleanup --json")
)
@click.option("--execute", "do_it", is_flag=True, help="Carry out the plan. Without it, only print the plan.")
@click.option(
    "--max",
    "most",
    type=click.IntRange(1),
    metavar="N",
    help=f"Maximum number of environments to destroy. Default: {MAX_DESTROYS}.",
)
@click.option(
    "--time-budget",
    default="10m",
    metavar="DURATION",
    help="Start no further destroy after DURATION, e.g. 30m. Default: 10m.",
)
@click.option(
    "--grace",
    default="0m",
    metavar="DURATION",
    help="Mark first, and destroy in a run at least DURATION later, e.g. 1h. Default: 0m.",
)
@click.option(
    "--branches-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with the live branches, one per line. Default: the branches of GitHub or git.",
)
@click.option("--by-lease-only", is_flag=True, help="Decide only by leases, without a list of the live branches.")
@local_option
@now_option
@json_option
def cleanup(
    *,
    do_it: bool,
    most: int | None,
    time_budget: str,
    grace: str,
    branches_file: Path | None,
    by_lease_only: bool,
    local: bool,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Destroy expired feature environments.

    Prints the action for each environment and its reason. With --execute, e.g. in a scheduled run, carries out the plan
    without confirmation.
    """
    output = Output(as_json)
    budget = parse_duration(time_budget, "--time-budget", **_BUDGET)
    policy = Policy(
        max_destroys=most or MAX_DESTROYS,
        limit_confirmed=most is not None,
        grace=parse_duration(grace, "--grace", **_GRACE),
        writes=do_it,
    )
    if by_lease_only and branches_file is not None:
        raise UsageError(
            "cleanup: --by-lease-only and --branches-file exclude each other", next="Give only one of them"
        )
    branches = read_branches(branches_file) if branches_file else None
    context = open_context(output, local=local)
    moment = context.at(now)
    if branches is None and not by_lease_only:
        branches = live_branches(context.project, context.host.repository, os.environ)
    if branches is not None:
        branches = replace(branches, trunks=trunks(context.project.directory, os.environ))
    planned = plan(context, branches, moment, policy)
    if not do_it:
        output.result(_plan_facts(context, planned), _lines(planned, moment))
        return
    for line in _lines(planned, moment):
        output.say(line)
    results = execute(context, planned, moment, policy, budget)
    ended = [DestroyFacts.model_validate(result) for result in results]
    output.result(CleanupRunFacts(**vars(_plan_facts(context, planned)), results=ended), _result_lines(results))
    if any(result.result in ("failed", "not-started") for result in results):
        raise NotAllDestroyedError(results)


def _lines(planned: Planned, now: datetime) -> Iterator[str]:
    decisions = sorted(planned.plan.decisions, key=lambda decision: _ORDER.index(decision.action))
    if not decisions:
        yield "no feature environments"
        return
    yield from table(("ACTION", "ENVIRONMENT", "REASON"), [_row(decision) for decision in decisions])
    for warned in planned.warnings:
        yield (
            f"{warned.environment} ({warned.owner}): the lease ends {render_left(warned.expires_at, now)}. To extend "
            f"it: tee-infra feature extend {warned.environment} --ttl 72h"
        )
    if planned.plan.destroys:
        count = len(planned.plan.destroys)
        yield f"{count} to destroy; saves about ${planned.saved_usd:,.2f} a month (prices of {PRICES_AS_OF})"


def _row(decision: Decision) -> tuple[str, str, str]:
    return decision.action, decision.environment, f"{decision.reason} [{decision.reason_code}]"


def _result_lines(results: list[Result]) -> list[str]:
    if not results:
        return ["no environment was destroyed"]
    kinds = [result.result for result in results]
    seconds = sum(result.seconds for result in results)
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return [f"{counts}, in {seconds:.0f} s"]


def _plan_facts(context: FeatureContext, planned: Planned) -> CleanupPlanFacts:
    return CleanupPlanFacts(
        target=context.target.describe(),
        decisions=[DecisionFacts.model_validate(decision) for decision in planned.plan.decisions],
        warnings=[_warning_facts(warned) for warned in planned.warnings],
        saved_usd_per_month=round(planned.saved_usd, 2),
    )


def _warning_facts(warned: LeaseWarning) -> WarningFacts:
    return WarningFacts(
        environment=warned.environment,
        owner=warned.owner,
        branch=warned.branch,
        expires_at=warned.expires_at,
        within=render_duration(warned.bound),
    )
