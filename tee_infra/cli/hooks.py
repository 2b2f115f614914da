"""`tee-infra hooks install | uninstall | announce`."""

import sys
from pathlib import Path

import click

from tee_infra.cli.options import dry_run_option, json_option
from tee_infra.cli.output import Output, prints
from tee_infra.cli.results import ResultModel
from tee_infra.workflows import hooks as workflow
from tee_infra.workflows.hooks import Action
from tee_infra.workflows.session.checkout import find_project

_DONE = {"create": "written", "update": "brought up to date", "remove": "removed", "none": "nothing to do"}
_PLANNED = {"create": "would be written", "update": "would be brought up to date", "remove": "would be removed"}


class HookResult(ResultModel):
    """The hook's file, and what was or would be done to it."""

    hook: str
    action: Action


class HooksAnnounceResult(ResultModel):
    """What becomes of environments by a push, one line each."""

    lines: list[str]


@click.group()
def hooks() -> None:
    """Say before a push what it does to feature environments."""


@prints(HookResult)
@hooks.command()
@dry_run_option
@json_option
def install(dry_run: bool, as_json: bool) -> None:
    """Write a pre-push hook into this checkout.

    It only announces: it never stops a push, holds no credentials and asks no network. A hook that is there already
    and is not this one stays as it is.
    """
    output, project = Output(as_json), find_project(Path.cwd())
    output.say(f"target: {workflow.where(project)}")
    programs = Path(sys.executable).parent
    _tell(output, workflow.where(project), workflow.install(project, programs, dry_run=dry_run), dry_run=dry_run)


@prints(HookResult)
@hooks.command()
@dry_run_option
@json_option
def uninstall(dry_run: bool, as_json: bool) -> None:
    """Remove the pre-push hook that `install` wrote."""
    output, project = Output(as_json), find_project(Path.cwd())
    output.say(f"target: {workflow.where(project)}")
    _tell(output, workflow.where(project), workflow.uninstall(project, dry_run=dry_run), dry_run=dry_run)


@prints(HooksAnnounceResult)
@hooks.command()
@click.argument("remote", required=False)
@click.argument("url", required=False)
@json_option
def announce(remote: str | None, url: str | None, as_json: bool) -> None:  # noqa: ARG001  # git hands a hook both
    """Read what is pushed as git tells a pre-push hook, and say what becomes of each environment."""
    lines = list(workflow.announcements(find_project(Path.cwd()), sys.stdin.buffer.read(), url))
    Output(as_json).result(HooksAnnounceResult(lines=lines), lines)


def _tell(output: Output, path: Path, action: Action, *, dry_run: bool) -> None:
    said = _PLANNED.get(action, _DONE[action]) if dry_run else _DONE[action]
    output.result(HookResult(hook=str(path), action=action), [f"{path}: {said}"])
