"""Open an environment's stack: its settings, the AWS that it goes to, and the engine that drives it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tee_infra.aws.identity import require_account
from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings
from tee_infra.core.target import Target, choose_target
from tee_infra.engine import Engine, ensure_engine
from tee_infra.program import deploy
from tee_infra.stacks import Backend, Stack
from tee_infra.workflows import embedded
from tee_infra.workflows.project import Project
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
    """Open the stack of `environment`, which need not exist yet, and say where it goes.

    Starts the embedded AWS if the stack goes there; looks who the credentials belong to if it goes to an account.
    `local` sends it to the embedded AWS whatever its settings name. `report` gets the target as its first line.
    """
    settings = project.settings(environment)
    engine = ensure_engine(os.environ, report)
    backend = account_backend(project, engine)
    if local or settings.account_id is None:
        backend = embedded.backend_of(project, engine, start_local(project, report))
    environ = {**os.environ, **backend.environ}
    target = choose_target(settings, environ, force_local=local)
    report(f"target: {target.describe()}")
    if target.endpoint is None:
        require_account(target.account_id, settings.region)
    stack = Stack(environment.name, backend, partial(deploy, environ, force_local=local), report)
    return OpenStack(environment=environment, settings=settings, target=target, stack=stack)


def account_backend(project: Project, engine: Engine) -> Backend:
    """The backend that this shell's own variables name, where stacks with an account keep their state."""
    return Backend(directory=project.directory, command=engine.command, version=engine.version, environ={})
