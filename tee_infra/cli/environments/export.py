"""`tee-infra env export`."""

import json
from pathlib import Path

import click

from tee_infra.cli.default_environment import environment_or_default
from tee_infra.cli.environments.other_slots import say_other_slots
from tee_infra.cli.old_names import renamed_argument
from tee_infra.cli.options import EnvironmentName, json_option, local_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.printing import show_document
from tee_infra.cli.results import ResultModel
from tee_infra.core.app_config import render_dotenv, render_typescript
from tee_infra.core.defaults.environment import VARIABLE
from tee_infra.core.environments import FEATURE_HOST, Environment, parse_environment
from tee_infra.core.printable import printable_json
from tee_infra.workflows.session.app_variables import exported_environment
from tee_infra.workflows.session.checkout import find_project


class EnvExportResult(ResultModel):
    """The variables that connect the app to an environment."""

    environment: str
    variables: dict[str, str]


@click.group()
def env() -> None:
    """Export the app's variables for an environment."""


@prints(EnvExportResult)
@env.command()
@renamed_argument(
    "environment",
    old="--stage",
    type=EnvironmentName(),
    metavar="[ENV]",
    required=False,
    help=f"Default: the current git branch's, otherwise that of {VARIABLE} or dev; for typescript dev.",
)
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["dotenv", "json", "typescript"]),
    default="dotenv",
    help="Output format. Default: dotenv.",
)
@local_option
@json_option
def export(environment: Environment | None, as_format: str, local: bool, as_json: bool) -> None:
    """Print table names and variables for the app.

    On the embedded AWS they override a shell's own AWS settings and proxies.

    `typescript` prints a module that reads STAGE and NODE_ENV when the app runs, and defaults to ENV. Its `SlotTables`
    takes the app through a switch of production's tables.
    """
    if as_format == "typescript" and not as_json:  # a file of the repository, the same on every branch
        show_document(render_typescript(environment or parse_environment(FEATURE_HOST)))
        return
    environment = environment_or_default(environment, local=local)
    output, project = Output(as_json, for_file=True), find_project(Path.cwd())
    say_other_slots(output, project, environment)
    variables = exported_environment(project, environment, use_local=local)
    text = (
        printable_json(json.dumps(variables, indent=2))
        if as_format == "json"
        else render_dotenv(variables).removesuffix("\n")
    )
    output.result(EnvExportResult(environment=environment.name, variables=variables), text.split("\n"))
