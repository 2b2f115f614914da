"""`tee-infra feature create`."""

import getpass
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from tee_infra.cli.default_environment import branch_or_current
from tee_infra.cli.features.report import about_lines, confirm_losses, created_lines, open_context
from tee_infra.cli.old_names import RenamedChoice
from tee_infra.cli.options import (
    BranchName,
    EnvironmentName,
    dry_run_option,
    examples,
    json_option,
    local_option,
    now_option,
    yes_option,
)
from tee_infra.cli.output import Output, prints, run_json, run_lines
from tee_infra.cli.results import FeatureRunFacts
from tee_infra.cli.review_options import review_options, reviewers, tell
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.lifecycle.lease import MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import OLD_SEEDS, Seed
from tee_infra.core.lifecycle.transitions import CreateRequest
from tee_infra.core.times import parse_duration
from tee_infra.errors import UsageError
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.create import Created, create_feature, preview_feature
from tee_infra.workflows.features.json_view import feature_facts, quota_of
from tee_infra.workflows.features.request import read_request, repeat_request
from tee_infra.workflows.features.seed import Source, check_source, open_source
from tee_infra.workflows.review.comment import RunSummary, attempt
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.ends import End, open_end

DEFAULT_SOURCE: Final = "staging"


@prints(FeatureRunFacts)
@click.command(
    epilog=examples(
        "tee-infra feature create",
        "tee-infra feature create --branch feature/new-auth",
        "tee-infra feature create --branch feature/new-auth --ttl 7d --dry-run",
        "tee-infra feature create --branch feature/x --seed anonymized --from staging",
    )
)
@click.option(
    "--branch",
    type=BranchName(),
    metavar="BRANCH",
    help="Git branch, e.g. feature/new-auth. Default: the current one, unless it is the trunk.",
)
@click.option(
    "--ttl",
    metavar="DURATION",
    help="Lease after the last activity, e.g. 72h. Default: unchanged, or 72h for a new environment.",
)
@click.option(
    "--owner",
    metavar="OWNER",
    help="Responsible person or team. Default: unchanged, or git's user.email for a new environment.",
)
@click.option(
    "--seed",
    type=RenamedChoice(["synthetic", "anonymized", "none"], OLD_SEEDS),
    help="Initial data. Default: unchanged, or synthetic for a new environment.",
)
@click.option(
    "--from",
    "source",
    type=EnvironmentName(),
    metavar="ENV",
    help=f"Source of --seed anonymized. Default: {DEFAULT_SOURCE}.",
)
@click.option(
    "--from-role",
    metavar="ARN",
    help="Role to assume at the source of --seed anonymized. Default: its own migrator.",
)
@click.option("--unless-destroyed", is_flag=True, help="Do not create a destroyed environment again.")
@local_option
@now_option
@dry_run_option
@yes_option
@review_options
@json_option
def create(
    *,
    branch: str | None,
    ttl: str | None,
    owner: str | None,
    seed: Seed | None,
    source: Environment | None,
    from_role: str | None,
    unless_destroyed: bool,
    local: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
    comment: Path | None,
    post: bool,
    as_json: bool,
) -> None:
    """Create or update the environment for a branch.

    Idempotent: resumes an interrupted run, renews the lease, and writes the initial data only once. Asks for
    confirmation before a resource is deleted or replaced. A destroyed environment is created again, unless
    --unless-destroyed is given.
    """
    output = Output(as_json)
    duration = parse_duration(ttl, "--ttl", at_least=MIN_TTL, at_most=MAX_TTL) if ttl else None
    if source is not None and seed != "anonymized":
        raise UsageError(f"--from {source.name}: only valid with --seed anonymized", next="Give both, or neither")
    if from_role is not None and seed != "anonymized":
        raise UsageError("--from-role: only valid with --seed anonymized", next="Give both, or neither")
    project, branch = find_project(Path.cwd()), branch_or_current(branch)
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
    taken = (source or parse_environment(DEFAULT_SOURCE)) if request.seed == "anonymized" else None
    if taken is not None:
        check_source(taken, request.environment)
    to = reviewers(comment, post=post, branch=branch)

    def run() -> RunSummary:
        context = open_context(output, request.environment, local=local)
        moment = context.at(now)
        opened = _open_source(taken, from_role, request, output, local=local) if taken else None
        return _carry_out(context, request, opened, moment, output, yes=yes, dry_run=dry_run, wanted=not to.nobody)

    tell(to, request.environment, "preview" if dry_run else "up", attempt(RunSummary(now=datetime.now(UTC)), run))


def update(
    environment: str, output: Output, *, local: bool, yes: bool, dry_run: bool, comment: Path | None, post: bool
) -> None:
    """`tee-infra up` of a registered environment: the same as `create` for its branch."""
    to = reviewers(comment, post=post)

    def run() -> RunSummary:
        context = open_context(output, environment, local=local)
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
        output.result(_facts(context, done, now), [*about_lines(done.record, now), *run_lines(done.run)])
    else:
        done = create_feature(context, request, now, source, confirm_losses(output, request.environment, yes=yes))
        facts = _facts(context, done, now)
        output.result(facts, created_lines(done.record, done.run, facts.app, now))
    told = RunSummary(now=now, run=done.run, expires_at=done.record.expires_at)
    return attempt(told, lambda: replace(told, quota=quota_of(context, request.environment))) if wanted else told


def _open_source(
    source: Environment, role: str | None, request: CreateRequest, output: Output, *, local: bool
) -> Source:
    """The checked source of anonymized data, before any resource of the new environment, which stays the target."""
    target = output.target
    session = open_end(End(environment=source, subject=source.name, role=role), output, local=local)
    output.target = target
    return open_source(source, request.environment, session.connection, os.environ, output.say)


def _facts(context: FeatureContext, done: Created, now: datetime) -> FeatureRunFacts:
    return FeatureRunFacts.model_validate(feature_facts(context, done.record, now) | run_json(done.run))
