"""Open an environment's stack: its settings, the AWS that it goes to, and the engine that drives it."""

from dataclasses import dataclass
from functools import partial

from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings
from tee_infra.core.target import Target
from tee_infra.program import deploy
from tee_infra.stacks import NoStackError, Stack
from tee_infra.workflows import embedded
from tee_infra.workflows.file_store import FolderStore
from tee_infra.workflows.project import Project
from tee_infra.workflows.reach import Report, reach
from tee_infra.workflows.stack_locks import break_stale_locks


@dataclass(frozen=True, kw_only=True)
class OpenStack:
    """A stack with what was decided on the way to it."""

    environment: Environment
    settings: Settings
    target: Target
    stack: Stack


def open_stack(project: Project, environment: Environment, report: Report, *, local: bool) -> OpenStack:
    """Open the stack of `environment`, which need not exist yet. `report` gets the target as its first line.

    `local` sends it to the embedded AWS whatever its settings name. Raises `SettingsError`, and as `reach` does.
    """
    settings = project.settings(environment)
    reached = reach(project, settings, report, local=local)
    if reached.running is None:
        backend, program = embedded.account_backend(project, reached.engine), partial(deploy, reached.environ)
    else:
        backend = embedded.backend_of(project, reached.engine, reached.running)
        program = partial(deploy, reached.environ, force_local=local)
        state = FolderStore(project.state_directory / ".pulumi")
        for holder in break_stale_locks(state, environment.name, alone=True):
            report(f"removed the lock of a run that has ended ({holder})")
    stack = Stack(environment.name, backend, program, report)
    if reached.started:
        _catch_up(stack, report)
    return OpenStack(environment=environment, settings=settings, target=reached.target, stack=stack)


def _catch_up(stack: Stack, report: Report) -> None:
    """An embedded AWS that was killed has lost its last seconds: let the state forget what went with them."""
    try:
        lost = stack.refresh()
    except NoStackError:
        return
    if lost.changes:
        report(f"{len(lost.changes)} resources of {stack.name} were lost with the embedded AWS")
