"""`tee-infra bootstrap`."""

import shlex
from pathlib import Path

import click

from tee_infra.cli.options import EnvironmentName, dry_run_option, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.core.environments import FEATURE_HOST, Environment
from tee_infra.core.resources.account import backend_url, secrets_provider
from tee_infra.workflows.session import bootstrap as workflow
from tee_infra.workflows.session.checkout import find_project
from tee_infra.workflows.session.session import open_session


class BootstrapResult(ResultModel):
    """What was or would be changed in the account, one line each, and where its stacks keep their state.

    `backend_url` and `secrets_provider` are null for the embedded AWS.
    """

    region: str
    changes: list[str]
    changed: bool
    backend_url: str | None
    secrets_provider: str | None


@prints(BootstrapResult)
@click.command()
@click.argument(
    "environment",
    type=EnvironmentName(),
    default=FEATURE_HOST,
    metavar="[ENV]",
    help=f"An environment in the account. Default: {FEATURE_HOST}.",
)
@local_option
@dry_run_option
@json_option
def bootstrap(environment: Environment, local: bool, dry_run: bool, as_json: bool) -> None:
    """Prepare an AWS account: state, key, locks, registry.

    Creates missing resources and corrects drifted ones in the account of ENV. Idempotent. The embedded AWS is prepared
    automatically.
    """
    output = Output(as_json)
    session = open_session(find_project(Path.cwd()), environment, output, local=local, start=True)
    target, account_id, region = session.target, session.target.account_id, session.target.region
    changes = workflow.bootstrap(session.connection, account_id, region, output.say, dry_run=dry_run)
    result = BootstrapResult(
        region=region,
        changes=changes,
        changed=bool(changes) and not dry_run,
        backend_url=None if target.embedded else backend_url("standing", account_id, region),
        secrets_provider=None if target.embedded else secrets_provider(region),
    )
    lines = [_summary(len(changes), dry_run=dry_run)]
    if not target.embedded:
        lines += _next(environment.name, account_id, region)
    output.result(result, lines)


def _summary(changes: int, *, dry_run: bool) -> str:
    if not changes:
        return "no changes needed"
    return f"{changes} changes planned. Nothing was changed" if dry_run else f"{changes} changes made"


def _next(environment: str, account_id: str, region: str) -> list[str]:
    provider = shlex.quote(secrets_provider(region))
    return [
        "",
        "Stacks in this account keep their state in its bucket. Once for each stack:",
        f"  export PULUMI_BACKEND_URL={shlex.quote(backend_url('standing', account_id, region))}",
        f"  pulumi stack init {environment} --secrets-provider {provider}",
        f"  tee-infra up {environment}",
    ]
