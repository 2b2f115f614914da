"""`tee-infra feature create`."""

import getpass
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from tee_infra.cli.features.report import about_lines, confirm_losses, created_lines, open_context_here
from tee_infra.cli.options import (
    EnvironmentName,
    dry_run_option,
    json_option,
    local_option,
    now_option,
    yes_option,
)
from tee_infra.cli.output import Output, plan_json, plan_lines, prints
from tee_infra.cli.results import FeatureRunFacts
from tee_infra.cli.review_options import review_options, reviewers, tell
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.lifecycle.lease import MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import Seed
from tee_infra.core.lifecycle.transitions import CreateRequest
from tee_infra.core.times import parse_duration
from tee_infra.errors import UsageError
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.features.context import FeatureContext, open_feature_context
from tee_infra.workflows.features.create import Created, create_feature, preview_feature
from tee_infra.workflows.features.json_view import feature_facts, quota_of
from tee_infra.workflows.features.request import read_request, repeat_request
from tee_infra.workflows.features.seed import Source, open_source
from tee_infra.workflows.review.comment import RunSummary, attempt
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.connect import connect

DEFAULT_SOURCE: Final = "staging"


@prints(FeatureRunFacts)
@click.command()
@click.option("--branch", required=True, metavar="BRANCH", help="The git branch, as feature/new-auth.")
@click.option("--ttl", metavar="TIME", help="How long after its last activity it lives, as 72h; kept, else 72h.")
@click.option("--owner", metavar="NAME", help="Who answers for it; kept, else git's user.email.")
@click.option("--seed", type=click.Choice(["synthetic", "anonymized", "none"]), help="Its first data; else synthetic.")
@click.option("--from", "source", type=EnvironmentName(), metavar="ENV", help="Whose data is anonymized; else staging.")
@click.option("--unless-destroyed", is_flag=True, help="Refuse to make again what was destroyed.")
@local_option
@now_option
@dry_run_option
@yes_option
@review_options
@json_option
def create(
    *,
    branch: str,
    ttl: str | None,
    owner: str | None,
    seed: Seed | None,
    source: Environment | None,
    unless_destroyed: bool,
    local: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
    comment: Path | None,
    post: bool,
    as_json: bool,
) -> None:
    """Make the environment of a branch, or bring it up to date.

    Run it as often as you like: it finishes what an earlier run began, renews the lease, fills the tables once, and
    asks before anything is deleted or replaced. What was destroyed begins anew, unless --unless-destroyed.
    """
    output = Output(as_json)
    duration = parse_duration(ttl, "--ttl", at_least=MIN_TTL, at_most=MAX_TTL) if ttl else None
    if source is not None and seed != "anonymized":
        raise UsageError(f"--from {source.name} is for --seed anonymized only", next="Give both, or neither")
    project = find_project(Path.cwd())
    request = read_request(
        project.directory,
        project.settings(parse_environment(FEATURE_HOST)).repository,
        branch,
        os.environ,
        getpass.getuser(),
        owner=owner,
        ttl=duration,
        seed=seed,
        revive=not unless_destroyed,
    )
    to = reviewers(comment, post=post, branch=branch)

    def run() -> RunSummary:
        context = open_feature_context(project, output.say, local=local)
        moment = context.at(now)
        taken_from = _source(context, request, source, local=local)
        return _carry_out(context, request, taken_from, moment, output, yes=yes, dry_run=dry_run, wanted=not to.nobody)

    tell(to, request.environment, "preview" if dry_run else "up", attempt(RunSummary(now=datetime.now(UTC)), run))


def update(
    environment: str, output: Output, *, local: bool, yes: bool, dry_run: bool, comment: Path | None, post: bool
) -> None:
    """`tee-infra up` of an environment that the registry knows: the same for the branch that it is bound to."""
    to = reviewers(comment, post=post)

    def run() -> RunSummary:
        context = open_context_here(output, local=local)
        record = require_record(context.control, environment)
        request = repeat_request(record, context.project.directory, context.host.repository, os.environ)
        return _carry_out(
            context, request, None, context.at(None), output, yes=yes, dry_run=dry_run, wanted=not to.nobody
        )

    tell(to, environment, "preview" if dry_run else "up", attempt(RunSummary(now=datetime.now(UTC)), run))


def _carry_out(
    context: FeatureContext,
    request: CreateRequest,
    source: Source | None,
    now: datetime,
    output: Output,
    *,
    yes: bool,
    dry_run: bool,
    wanted: bool,
) -> RunSummary:
    """`wanted`: somebody is told of it, so it may cost something to find out more."""
    if dry_run:
        done = preview_feature(context, request, now)
        output.result(_facts(context, done, now), [*about_lines(done.record, now), *plan_lines(done.plan)])
    else:
        done = create_feature(context, request, now, source, confirm_losses(output, request.environment, yes=yes))
        facts = _facts(context, done, now)
        output.result(facts, created_lines(done.record, done.plan, facts.app, now))
    told = RunSummary(now=now, run=done.plan, expires_at=done.record.expires_at)
    return attempt(told, lambda: replace(told, quota=quota_of(context, request.environment))) if wanted else told


def _source(
    context: FeatureContext, request: CreateRequest, chosen: Environment | None, *, local: bool
) -> Source | None:
    """Checked before there is anything of the new environment."""
    if request.seed != "anonymized":
        return None
    source = chosen or parse_environment(DEFAULT_SOURCE)
    connection = connect(context.project, source, use_local=local)
    return open_source(source, request.environment, connection, os.environ)


def _facts(context: FeatureContext, done: Created, now: datetime) -> FeatureRunFacts:
    return FeatureRunFacts.model_validate(feature_facts(context, done.record, now) | plan_json(done.plan))
