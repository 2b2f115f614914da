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

_DONE = {"create": "created", "update": "updated", "remove": "removed", "none": "unchanged"}
_PLANNED = {"create": "would be created", "update": "would be updated", "remove": "would be removed"}


class HookResult(ResultModel):
    """The hook's file, and what was or would be done to it."""

    hook: str
    action: Action


class HooksAnnounceResult(ResultModel):
    """What becomes of environments by a push, one line each."""

    lines: list[str]


@click.group()
def hooks() -> None:
    """Manage the git hook that announces what a push does."""


@prints(HookResult)
@hooks.command()
@dry_run_option
@json_option
def install(dry_run: bool, as_json: bool) -> None:
    """Install the pre-push hook in this git checkout.

    The hook only prints announcements: it never stops a push, needs no credentials and no network. A pre-push hook
    from another source is never overwritten.
    """
    output, project = Output(as_json), find_project(Path.cwd())
    repository = workflow.repository_of(project, Path.cwd())
    path, programs = workflow.where(repository), Path(sys.executable).parent
    output.say(f"target: {path}")
    _tell(output, path, workflow.install(project, repository, programs, dry_run=dry_run), dry_run=dry_run)


@prints(HookResult)
@hooks.command()
@dry_run_option
@json_option
def uninstall(dry_run: bool, as_json: bool) -> None:
    """Remove the pre-push hook that `install` created."""
    output = Output(as_json)
    repository = workflow.repository_of(find_project(Path.cwd()), Path.cwd())
    path = workflow.where(repository)
    output.say(f"target: {path}")
    _tell(output, path, workflow.uninstall(repository, dry_run=dry_run), dry_run=dry_run)


@prints(HooksAnnounceResult)
@hooks.command()
@click.argument("remote", required=False, metavar="[REMOTE]", help="Name of the git remote.")
@click.argument("url", required=False, metavar="[URL]", help="URL of the git remote.")
@json_option
def announce(remote: str | None, url: str | None, as_json: bool) -> None:  # noqa: ARG001  # git hands a hook both
    """Announce the effect of a push on feature environments.

    Reads the refs from standard input, in the format of git's pre-push hook.
    """
    lines = list(workflow.announcements(find_project(Path.cwd()), sys.stdin.buffer.read(), url))
    Output(as_json).result(HooksAnnounceResult(lines=lines), lines)


def _tell(output: Output, path: Path, action: Action, *, dry_run: bool) -> None:
    said = _PLANNED.get(action, _DONE[action]) if dry_run else _DONE[action]
    output.result(HookResult(hook=str(path), action=action), [f"{path}: {said}"])
