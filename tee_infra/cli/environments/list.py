"""`tee-infra list | show`."""

from pathlib import Path
from typing import Any, Final

import click
from pydantic import RootModel

from tee_infra.cli.default_environment import environment_or_default, optional_environment
from tee_infra.cli.environments.other_slots import say_other_slots
from tee_infra.cli.options import json_option, local_option
from tee_infra.cli.output import Output, prints, table
from tee_infra.cli.results import EnvironmentFacts, Outputs
from tee_infra.core.environments import Environment
from tee_infra.core.times import render_time
from tee_infra.workflows.environments.list import EnvironmentRow, count_resources, find_environments
from tee_infra.workflows.environments.show import show_environment, show_registered
from tee_infra.workflows.session.checkout import find_project

_HEADINGS: Final = ("ENVIRONMENT", "KIND", "OWNER", "AWS", "RESOURCES", "EXPIRES", "PROBLEM")


class ListResult(RootModel[list[EnvironmentFacts]]):
    """Every environment that has a stack file."""


class ShowResult(EnvironmentFacts):
    """One environment. `settings` are those in force, `outputs` what its stack exports, empty before the first `up`."""

    target: str
    settings: dict[str, Any]
    outputs: Outputs


@prints(ListResult)
@click.command("list")
@local_option
@json_option
def list_command(local: bool, as_json: bool) -> None:
    """List the environments.

    Lists every environment that has a stack file. Feature environments: tee-infra feature list.
    """
    output, project = Output(as_json), find_project(Path.cwd())
    found = find_environments(project, local=local)
    output.at(*(entry.target for entry in found if entry.target))
    listed = count_resources(project, found)
    rows = [_row(entry) for entry in listed]
    width = len(_HEADINGS) if any(entry.problem for entry in listed) else len(_HEADINGS) - 1
    result = ListResult.model_validate([entry.facts() for entry in listed])
    output.result(result, table(_HEADINGS[:width], [row[:width] for row in rows]))


@prints(ShowResult)
@click.command()
@optional_environment
@local_option
@json_option
def show(environment: Environment | None, local: bool, as_json: bool) -> None:
    """Show settings, tables and outputs of one environment."""
    environment = environment_or_default(environment, local=local, reads=True)
    output, project = Output(as_json), find_project(Path.cwd())
    if project.is_registered(environment):
        facts = show_registered(project, environment, output, local=local)
    else:
        facts = show_environment(project, environment, output, local=local)
        say_other_slots(output, project, environment)
    lines = table(("TABLE", "PHYSICAL NAME"), [(logical, physical) for logical, physical in facts["tables"].items()])
    for heading in ("settings", "outputs"):
        lines += ["", heading.upper(), *(f"  {key}: {value}" for key, value in facts[heading].items())]
    shown = ShowResult.model_validate(facts)
    output.result(shown, [f"{environment.name} ({facts['kind']}) on {facts['target']}", "", *lines])


def _row(entry: EnvironmentRow) -> tuple[str, ...]:
    if entry.settings is None:
        return (entry.environment.name, entry.environment.kind.name, "?", "?", "?", "?", entry.problem)
    expires_at = entry.settings.expires_at
    return (
        entry.environment.name,
        entry.environment.kind.name,
        entry.settings.owner,
        "embedded" if entry.target is None or entry.target.embedded else entry.target.account_id,
        "?" if entry.resources is None else str(entry.resources),
        render_time(expires_at) if expires_at else "never",
        entry.problem,
    )
