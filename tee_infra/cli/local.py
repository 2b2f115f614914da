"""`tee-infra local start | status | stop | env`."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from tee_infra import local as local_aws
from tee_infra.cli.local_faults import clock, fault
from tee_infra.cli.options import json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.printing import show
from tee_infra.cli.results import ResultModel, Time
from tee_infra.cli.root import SHELL
from tee_infra.cli.shell_lines import SHELLS, shell_of, taking_lines, undoing_lines
from tee_infra.core.aws_variables import foreign_variables
from tee_infra.engine import ensure_engine
from tee_infra.local import EmbeddedAws
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.bootstrap import bootstrap_once
from tee_infra.workflows.session.checkout import find_project


class LocalStartResult(ResultModel):
    """The embedded AWS that runs now."""

    endpoint: str
    provider_port: int
    pid: int
    region: str
    directory: str
    started_at: Time


class LocalStatusResult(ResultModel):
    """Whether it runs, and then where; the resource types that it makes for real, and those that only state knows."""

    running: bool
    endpoint: str | None
    provider_port: int | None
    pid: int | None
    directory: str
    emulated_types: list[str]
    state_only_types: list[str]


class LocalStopResult(ResultModel):
    """Whether it was running, and was stopped."""

    stopped: bool


class LocalEnvResult(ResultModel):
    """The variables with which `pulumi` and any AWS SDK use the embedded AWS, and those to `unset` for it."""

    variables: dict[str, str]
    unset: list[str]


@click.group()
def local() -> None:
    """Manage the embedded AWS on this machine.

    It needs no account, listens on loopback only and serves only programs
    with the credentials of `tee-infra local env`.
    """


@prints(LocalStartResult)
@local.command()
@click.option(
    "--port",
    type=click.IntRange(1024, 65534),
    metavar="PORT",
    help="Port of the endpoint; the provider uses PORT + 1. Default: free ports.",
)
@json_option
def start(port: int | None, as_json: bool) -> None:
    """Start the embedded AWS in the background.

    Idempotent: a running embedded AWS keeps running.
    """
    output, project = Output(as_json), find_project(Path.cwd())
    running = embedded_aws.start(project, output.say, port=port)
    bootstrap_once(
        embedded_aws.connection_to(running, running.region), local_aws.ACCOUNT_ID, running.region, output.say
    )
    embedded_aws.create_stacks(project, ensure_engine(os.environ, output.say), output.say)
    result = LocalStartResult(
        endpoint=running.endpoint,
        provider_port=running.provider_port,
        pid=running.pid,
        region=running.region,
        directory=str(running.directory),
        started_at=running.started_at,
    )
    lines = [f"embedded AWS: running at {running.endpoint}", 'To use it in this shell: eval "$(tee-infra local env)"']
    output.result(result, lines)


@prints(LocalStatusResult)
@local.command()
@json_option
def status(as_json: bool) -> None:
    """Show the state of the embedded AWS and its resource types."""
    project = find_project(Path.cwd())
    running = local_aws.status(project.embedded_directory)
    materialised, recorded = local_aws.emulated_types(), local_aws.state_only_types()
    result = LocalStatusResult(
        running=running is not None,
        endpoint=running.endpoint if running else None,
        provider_port=running.provider_port if running else None,
        pid=running.pid if running else None,
        directory=str(project.embedded_directory),
        emulated_types=list(materialised),
        state_only_types=list(recorded),
    )
    Output(as_json).result(result, [*_state_lines(running), "", *_type_lines(materialised, recorded)])


@prints(LocalStopResult)
@local.command()
@json_option
def stop(as_json: bool) -> None:
    """Save the data of the embedded AWS and stop it."""
    stopped = local_aws.stop(find_project(Path.cwd()).embedded_directory)
    line = "embedded AWS: stopped, data kept for the next start" if stopped else "embedded AWS: not running"
    Output(as_json).result(LocalStopResult(stopped=stopped), [line])


@prints(LocalEnvResult)
@local.command()
@click.option("--unset", "undo", is_flag=True, help="Print lines that restore the variables of the shell.")
@click.option(
    "--shell",
    "name",
    type=click.Choice(list(SHELLS)),
    help="Language of the lines. Default: that of the variable SHELL, or posix.",
)
@json_option
def env(undo: bool, name: str | None, as_json: bool) -> None:
    """Print shell exports that point pulumi and AWS SDKs at it.

    Run: eval "$(tee-infra local env)"

    The shell keeps the values before, and this restores them: eval "$(tee-infra local env --unset)"

    In fish: tee-infra local env | source. In PowerShell: tee-infra local env | Out-String | Invoke-Expression.
    """
    project, environ = find_project(Path.cwd()), _shell_variables()
    name = name or shell_of(environ.get("SHELL"))
    if undo:
        inherited = embedded_aws.inherited_variables(project, environ)
        Output(as_json).result(LocalEnvResult(variables={}, unset=inherited), undoing_lines(name, inherited))
        return
    running = embedded_aws.require(project)
    engine = ensure_engine(os.environ, partial(show, err=True))
    variables = embedded_aws.environment_of(project, engine, running)
    foreign = list(foreign_variables(environ, variables))
    lines = taking_lines(name, environ, variables, foreign)
    Output(as_json).result(LocalEnvResult(variables=variables, unset=foreign), lines)


def _shell_variables() -> Mapping[str, str]:
    """Those of the shell, from before the root command changed some for its own clients."""
    return click.get_current_context().meta.get(SHELL, os.environ)


local.add_command(fault)
local.add_command(clock)


def _state_lines(running: EmbeddedAws | None) -> list[str]:
    if running is None:
        return ["embedded AWS: not running. To start it: tee-infra local start"]
    return [
        f"embedded AWS: running at {running.endpoint}, provider on port {running.provider_port}, process {running.pid}",
        f"since {running.started_at:%Y-%m-%d %H:%M:%S %Z}, account {local_aws.ACCOUNT_ID}, {running.region}",
    ]


def _type_lines(materialised: tuple[str, ...], recorded: tuple[str, ...]) -> list[str]:
    return [
        "materialized resource types (created in the embedded AWS):",
        *(f"  {token}" for token in materialised),
        "recorded resource types (kept only in the stack's state):",
        *(f"  {token}" for token in recorded),
    ]
