"""`tee-infra feature extend | hold | release`."""

from datetime import datetime

import click

from tee_infra.cli.default_environment import feature_or_default, optional_feature
from tee_infra.cli.features.report import lease_line, open_context, require_feature
from tee_infra.cli.options import (
    BranchName,
    json_option,
    local_option,
    now_option,
)
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import FeatureFacts
from tee_infra.core.environments import FEATURE_HOST, Environment
from tee_infra.core.lifecycle.lease import MAX_HOLD, MAX_TTL, MIN_TTL
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.times import parse_duration
from tee_infra.errors import UsageError
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.json_view import feature_facts
from tee_infra.workflows.features.lease import extend_lease, hold_environment, release_environment
from tee_infra.workflows.features.plan_destroy import record_of_branch


@prints(FeatureFacts)
@click.command()
@optional_feature
@click.option("--branch", type=BranchName(), metavar="BRANCH", help="Git branch of the environment, instead of ENV.")
@click.option("--ttl", required=True, metavar="DURATION", help="Lease from now on, e.g. 24h.")
@local_option
@now_option
@json_option
def extend(
    *, environment: Environment | None, branch: str | None, ttl: str, local: bool, now: datetime | None, as_json: bool
) -> None:
    """Extend the lease of a feature environment.

    Never shortens the lease, and never extends it beyond 30 days after the creation. Later activity renews the lease
    for the same duration.
    """
    output = Output(as_json)
    duration = parse_duration(ttl, "--ttl", at_least=MIN_TTL, at_most=MAX_TTL)
    name = _name(environment, branch, local=local)
    context = open_context(output, name or FEATURE_HOST, local=local)
    moment = context.at(now)
    name = name or record_of_branch(context, branch or "").environment
    done = extend_lease(context, name, duration, moment)
    if done.capped:
        output.say(done.capped)
    _result(context, done.record, moment, output)


@prints(FeatureFacts)
@click.command()
@optional_feature
@click.option("--reason", required=True, metavar="REASON", help="Reason, shown in lists and to cleanup.")
@click.option("--for", "duration", required=True, metavar="DURATION", help="Length of the hold, e.g. 7d; at most 30d.")
@local_option
@now_option
@json_option
def hold(
    *, environment: Environment | None, reason: str, duration: str, local: bool, now: datetime | None, as_json: bool
) -> None:
    """Hold a feature environment: cleanup keeps it.

    The hold overrides the lease until it ends. A second hold replaces the first.
    """
    output = Output(as_json)
    name = require_feature(feature_or_default(environment, local=local))
    length = parse_duration(duration, "--for", at_least=MIN_TTL, at_most=MAX_HOLD)
    if not 0 < len(reason.strip()) <= _REASON_LENGTH:
        raise UsageError(f"--reason: {len(reason.strip())} characters. Allowed: 1 to {_REASON_LENGTH}")
    context = open_context(output, name, local=local)
    moment = context.at(now)
    _result(context, hold_environment(context, name, reason.strip(), length, moment), moment, output)


@prints(FeatureFacts)
@click.command()
@optional_feature
@local_option
@now_option
@json_option
def release(*, environment: Environment | None, local: bool, now: datetime | None, as_json: bool) -> None:
    """Release a hold.

    The lease applies again. If it has expired, the next cleanup destroys the environment.
    """
    output = Output(as_json)
    name = require_feature(feature_or_default(environment, local=local))
    context = open_context(output, name, local=local)
    moment = context.at(now)
    _result(context, release_environment(context, name), moment, output)


_REASON_LENGTH = 500


def _name(environment: Environment | None, branch: str | None, *, local: bool) -> str | None:
    """The environment's name, given or the default; None: it is that of the given branch."""
    if environment is not None and branch is not None:
        raise UsageError("feature extend: takes one of ENV and --branch BRANCH")
    return require_feature(feature_or_default(environment, local=local)) if branch is None else None


def _result(context: FeatureContext, record: FeatureRecord, now: datetime, output: Output) -> None:
    result = FeatureFacts.model_validate(feature_facts(context, record, now))
    output.result(result, [f"{record.environment}: {lease_line(record, now)}"])
