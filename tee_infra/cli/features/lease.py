"""`tee-infra feature extend | hold | release`."""

from datetime import datetime

import click

from tee_infra.cli.features.report import lease_line, open_context_here, require_feature
from tee_infra.cli.options import EnvironmentName, environment_argument, json_option, local_option, now_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import FeatureFacts
from tee_infra.core.environments import Environment
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
@click.argument("environment", type=EnvironmentName(), metavar="[ENV]", required=False)
@click.option("--branch", metavar="BRANCH", help="The environment of this git branch, instead of its name.")
@click.option("--ttl", required=True, metavar="TIME", help="How long it lives from now on, as 24h.")
@local_option
@now_option
@json_option
def extend(
    *, environment: Environment | None, branch: str | None, ttl: str, local: bool, now: datetime | None, as_json: bool
) -> None:
    """Let an environment live longer.

    Never shortens a lease, and never carries it further than 30 days from its creation. From then on the environment
    lives as long after every activity.
    """
    output = Output(as_json)
    duration = parse_duration(ttl, "--ttl", at_least=MIN_TTL, at_most=MAX_TTL)
    context = open_context_here(output, local=local)
    moment = context.at(now)
    done = extend_lease(context, _name(context, environment, branch), duration, moment)
    if done.capped:
        output.say(done.capped)
    _result(context, done.record, moment, output)


@prints(FeatureFacts)
@click.command()
@environment_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why, for whoever wonders what it is still there for.")
@click.option("--for", "duration", required=True, metavar="TIME", help="How long from now on, as 7d; 30d at most.")
@local_option
@now_option
@json_option
def hold(
    *, environment: Environment, reason: str, duration: str, local: bool, now: datetime | None, as_json: bool
) -> None:
    """Keep an environment for a reason, whatever its lease says.

    Cleanup leaves it alone until the hold ends. A second hold replaces the first.
    """
    output = Output(as_json)
    name = require_feature(environment)
    length = parse_duration(duration, "--for", at_least=MIN_TTL, at_most=MAX_HOLD)
    if not 0 < len(reason.strip()) <= _REASON_LENGTH:
        raise UsageError(f"--reason has {len(reason.strip())} characters", next=f"Write from 1 to {_REASON_LENGTH}")
    context = open_context_here(output, local=local)
    moment = context.at(now)
    _result(context, hold_environment(context, name, reason.strip(), length, moment), moment, output)


@prints(FeatureFacts)
@click.command()
@environment_argument
@local_option
@now_option
@json_option
def release(*, environment: Environment, local: bool, now: datetime | None, as_json: bool) -> None:
    """End a hold.

    The lease decides again; where it has ended meanwhile, the next cleanup takes the environment.
    """
    output = Output(as_json)
    name = require_feature(environment)
    context = open_context_here(output, local=local)
    moment = context.at(now)
    _result(context, release_environment(context, name), moment, output)


_REASON_LENGTH = 500


def _name(context: FeatureContext, environment: Environment | None, branch: str | None) -> str:
    if (environment is None) == (branch is None):
        raise UsageError("say which environment: its name, or its branch with --branch, and not both")
    return require_feature(environment) if environment else record_of_branch(context, branch or "").environment


def _result(context: FeatureContext, record: FeatureRecord, now: datetime, output: Output) -> None:
    result = FeatureFacts.model_validate(feature_facts(context, record, now))
    output.result(result, [f"{record.environment}: {lease_line(record, now)}"])
