"""Open an environment's stack: its settings, the AWS that it goes to, and the engine that drives it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tee_infra import local as embedded_aws
from tee_infra.aws.identity import require_account
from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings
from tee_infra.core.target import Target, choose_target
from tee_infra.engine import ensure_engine
from tee_infra.program import deploy
from tee_infra.stacks import NoStackError, Stack, remove_dead_locks
from tee_infra.workflows import embedded
from tee_infra.workflows.project import NAME, Project
from tee_infra.workflows.start_local import start_local

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class OpenStack:
    """A stack with what was decided on the way to it."""

    environment: Environment
    settings: Settings
    target: Target
    stack: Stack


def open_stack(project: Project, environment: Environment, report: Report, *, local: bool) -> OpenStack:
    """Open the stack of `environment`, which need not exist yet. `report` gets the target as its first line.

    Starts the embedded AWS if the stack goes there; looks who the credentials belong to if it goes to an account.
    `local` sends it to the embedded AWS whatever its settings name.
    """
    settings = project.settings(environment)
    if local or settings.account_id is None:
        return _open_embedded(project, environment, settings, report, force_local=local)
    target = choose_target(settings, os.environ)
    report(f"target: {target.describe()}")
    require_account(target.account_id, settings.region)
    backend = embedded.account_backend(project, ensure_engine(os.environ, report))
    stack = Stack(environment.name, backend, partial(deploy, os.environ), report)
    return OpenStack(environment=environment, settings=settings, target=target, stack=stack)


def _open_embedded(
    project: Project, environment: Environment, settings: Settings, report: Report, *, force_local: bool
) -> OpenStack:
    known = embedded_aws.status(project.embedded_directory)
    report(f"target: embedded AWS{f' at {known.endpoint}' if known else ', which is not running yet'}")
    engine = ensure_engine(os.environ, report)
    backend = embedded.backend_of(project, engine, start_local(project, report))
    environ = {**os.environ, **backend.environ}
    target = choose_target(settings, environ, force_local=force_local)
    for holder in remove_dead_locks(project.state_directory, NAME, environment.name):
        report(f"removed the lock of a run that has ended ({holder})")
    stack = Stack(environment.name, backend, partial(deploy, environ, force_local=force_local), report)
    if known is None:
        _catch_up(stack, report)
    return OpenStack(environment=environment, settings=settings, target=target, stack=stack)


def _catch_up(stack: Stack, report: Report) -> None:
    """An embedded AWS that was killed has lost its last seconds: let the state forget what went with them."""
    try:
        lost = stack.refresh()
    except NoStackError:
        return
    if lost.changes:
        report(f"{len(lost.changes)} resources of {stack.name} were lost with the embedded AWS")
