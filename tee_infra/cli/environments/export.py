"""`tee-infra env export`."""

import os
from pathlib import Path

import click

from tee_infra.cli.output import Output
from tee_infra.core.app_config import render_dotenv, render_typescript
from tee_infra.core.environments import current_environment, resolve_stage
from tee_infra.workflows.session.app_variables import app_environment
from tee_infra.workflows.session.checkout import find_project


@click.group()
def env() -> None:
    """What the app needs to know about its environment."""


@env.command()
@click.option("--stage", help="As the app writes it; else STAGE, else NODE_ENV, else dev.")
@click.option(
    "--format", "as_format", type=click.Choice(["dotenv", "json", "typescript"]), default="dotenv", show_default=True
)
def export(stage: str | None, as_format: str) -> None:
    """Print table names and variables for the app.

    `typescript` prints a module that reads STAGE and NODE_ENV when the app runs; --stage is its default.
    """
    environment = resolve_stage(stage) if stage else current_environment(os.environ)
    if as_format == "typescript":
        click.echo(render_typescript(environment), nl=False)
        return
    variables = app_environment(find_project(Path.cwd()), environment)
    if as_format == "json":
        Output(as_json=True).result(variables, ())
    else:
        click.echo(render_dotenv(variables), nl=False)
