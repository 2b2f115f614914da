"""`tee-infra up | preview | refresh | down`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import RootModel

from tee_infra.cli.options import dry_run_option, environment_argument, examples, json_option, local_option, yes_option
from tee_infra.cli.output import Output, confirm_by_name, prints, refill_lines, require_answers, run_json, run_lines
from tee_infra.cli.results import EngineRunFacts, FeatureRunFacts, Outputs
from tee_infra.cli.review_options import review_options, reviewers, tell
from tee_infra.core.app_config import table_names
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.environments import Environment
from tee_infra.errors import PartialError, RefusedError
from tee_infra.workflows.environments.open import open_environment
from tee_infra.workflows.review.comment import Audience, RunSummary, attempt
from tee_infra.workflows.session import apply
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.stack_session import StackSession


class EnvironmentRunResult(EngineRunFacts):
    """What the engine planned or did to an environment. `tables` and `outputs` are of one that is up, else null."""

    environment: str
    tables: dict[str, str] | None = None
    outputs: Outputs | None = None


class UpResult(RootModel[EnvironmentRunResult | FeatureRunFacts]):
    """What `up` did, or would do; for an environment of the registry, what `feature create` prints."""


@prints(UpResult)
@click.command(epilog=examples("tee-infra up dev", "tee-infra up prod --dry-run", "tee-infra up staging --yes --json"))
@environment_argument
@local_option
@yes_option
@dry_run_option
@review_options
@json_option
def up(
    *, environment: Environment, local: bool, yes: bool, dry_run: bool, comment: Path | None, post: bool, as_json: bool
) -> None:
    """Create or update an environment.

    Prints the plan and asks for confirmation before a resource is deleted or replaced. A feature environment without a
    stack file is updated from its branch, as `tee-infra feature create` does.
    """
    output = Output(as_json)
    if find_project(Path.cwd()).is_registered(environment):
        from tee_infra.cli.features.create import update  # noqa: PLC0415  # loads what no other environment needs

        update(environment.name, output, local=local, yes=yes, dry_run=dry_run, comment=comment, post=post)
        return

    def confirm(plan: EngineRun) -> None:
        _print_run(output, plan)
        if plan.destructive:
            lost = ", ".join(change.name for change in plan.destructive)
            confirm_by_name(output, environment.name, f"This deletes or replaces {lost}.", yes=yes)

    def change(opened: StackSession) -> EngineRun:
        with opened.lock("tee-infra up") as check:
            return apply.up(opened, confirm, check)

    to = reviewers(comment, post=post)
    if dry_run:
        _preview(environment, to, output, local=local)
        return
    told = _attempt(environment, change, output, local=local)
    tell(to, environment.name, "up", told)
    archived = find_project(Path.cwd()).settings(environment).archived
    done, tables = told.run, {} if archived else table_names(environment)
    output.result(
        _run_result(environment, done, tables=tables, outputs=dict(done.outputs)),
        [
            f"{environment.name}: up to date, {done.report()}",
            *(f"  {name}" for name in tables.values()),
            *refill_lines(environment, done),
        ],
    )


@prints(EnvironmentRunResult)
@click.command(epilog=examples("tee-infra preview prod", "tee-infra preview staging --comment comment.md"))
@environment_argument
@local_option
@review_options
@json_option
def preview(environment: Environment, local: bool, comment: Path | None, post: bool, as_json: bool) -> None:
    """Show what `up` would change.

    Changes nothing in AWS.
    """
    _preview(environment, reviewers(comment, post=post), Output(as_json), local=local)


@prints(EnvironmentRunResult)
@click.command()
@environment_argument
@local_option
@click.option("--preview-only", is_flag=True, help="Only detect drift; exits 5 if there is any.")
@json_option
def refresh(environment: Environment, local: bool, preview_only: bool, as_json: bool) -> None:
    """Detect drift and write it into the stack's state.

    Drift is a change that was made outside of the stack, e.g. in the console. The next `up` reverts it.
    """
    output = Output(as_json)
    with _open(environment, local, output) as opened:
        run = opened.stack.preview_refresh() if preview_only else _refresh(opened)
    drift = [f"{environment.name}: drift detected", *run_lines(run)]
    output.result(_run_result(environment, run), drift if run.changes else [f"{environment.name}: no drift"])
    if preview_only and run.changes:
        raise PartialError(
            f"{environment.name}: {len(run.changes)} resources drifted. Nothing was changed",
            next=f"To revert them: tee-infra refresh {environment.name} && tee-infra up {environment.name}",
        )


@prints(EnvironmentRunResult)
@click.command()
@environment_argument
@local_option
@yes_option
@dry_run_option
@json_option
def down(environment: Environment, local: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Delete every resource of an environment.

    Refused before the first deletion if a resource is protected. The empty stack is kept.
    """
    output = Output(as_json)
    if not dry_run:
        require_answers(output, yes=yes)
    if find_project(Path.cwd()).is_registered(environment):
        raise LeasedError(environment.name)

    def confirm(plan: EngineRun) -> None:
        _print_run(output, plan)
        if plan.changes:
            confirm_by_name(
                output,
                environment.name,
                f"This deletes every resource of {environment.name}, including its data.",
                yes=yes,
            )

    with _open(environment, local, output) as opened:
        if dry_run:
            _show_run(opened, output, opened.stack.preview_destroy())
            return
        with opened.lock("tee-infra down") as check:
            done = apply.down(opened.stack, confirm, check)
    output.result(_run_result(environment, done), [f"{environment.name}: deleted, {done.report()}"])


class LeasedError(RefusedError):
    """`down` of a feature environment without a stack file: the registry would still list it as active."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: feature environments are destroyed through the registry, not with `down`. Nothing was "
            "changed",
            next=f"Run: tee-infra feature destroy {environment}",
        )


def _preview(environment: Environment, to: Audience, output: Output, *, local: bool) -> None:
    told = _attempt(environment, apply.preview, output, local=local)
    if told.error is None:
        output.result(_run_result(environment, told.run), run_lines(told.run))
    tell(to, environment.name, "preview", told)


def _attempt(
    environment: Environment, change: Callable[[StackSession], EngineRun], output: Output, *, local: bool
) -> RunSummary:
    """What came of a change, for reviewers."""
    known = RunSummary(now=datetime.now(UTC))

    def run() -> RunSummary:
        with _open(environment, local, output) as opened:
            leased = replace(known, expires_at=opened.settings.expires_at)
            return attempt(leased, lambda: replace(leased, run=change(opened)))

    return attempt(known, run)


def _refresh(opened: StackSession) -> EngineRun:
    with opened.lock("tee-infra refresh"):
        return opened.stack.refresh()


def _open(environment: Environment, local: bool, output: Output) -> AbstractContextManager[StackSession]:
    return open_environment(find_project(Path.cwd()), environment, output, local=local)


def _print_run(output: Output, run: EngineRun) -> None:
    for line in run_lines(run):
        output.say(line)


def _show_run(opened: StackSession, output: Output, run: EngineRun) -> None:
    output.result(_run_result(opened.environment, run), run_lines(run))


def _run_result(
    environment: Environment, run: EngineRun, *, tables: dict[str, str] | None = None, outputs: Outputs | None = None
) -> EnvironmentRunResult:
    facts = run_json(run) | {"environment": environment.name, "tables": tables, "outputs": outputs}
    return EnvironmentRunResult.model_validate(facts)
