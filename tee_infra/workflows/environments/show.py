"""One environment in full: its settings, its target and the outputs of its stack."""

import os
from typing import Any

from tee_infra.core.environments import Environment
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.engine import find_engine
from tee_infra.stacks import Backend, NoStackError
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.environments.list import EnvironmentRow
from tee_infra.workflows.features.context import open_feature_context
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.session import Reporter, open_host_session, open_state, require_undiverted, target_of


def show_environment(project: Project, environment: Environment, reporter: Reporter, *, local: bool) -> dict[str, Any]:
    """The fields of `list`, plus `target`, `settings` and `outputs` (empty before the first `up`).

    The embedded AWS need not run. Raises `SettingsError`, `DivertedError`, `NoAccessError`, `WrongAccountError`.
    """
    settings = project.settings(environment)
    target = target_of(project, environment, settings, local=local)
    if not target.embedded:
        require_undiverted(project, target)
    reporter.at(target)
    engine = find_engine(os.environ)
    backend = open_state(project, target, engine) if engine else None
    listed = EnvironmentRow(environment=environment, settings=settings, resources=_resources(backend, environment))
    return listed.facts() | {
        "target": "the embedded AWS" if target.embedded else target.describe(),
        "settings": settings.model_dump(mode="json"),
        "outputs": _outputs(backend, environment),
    }


def show_registered(project: Project, environment: Environment, reporter: Reporter, *, local: bool) -> dict[str, Any]:
    """The same fields for a feature environment without a stack file, from its record and its state.

    Raises as `open_host_session` and `require_record` do.
    """
    context = open_feature_context(open_host_session(project, environment, reporter, local=local))
    record = require_record(context.control, environment.name)
    settings = context.settings(record)
    said = context.checkpoint(environment.name)
    checkpoint = said if isinstance(said, Checkpoint) else None
    resources = checkpoint.resources if checkpoint else None
    return EnvironmentRow(environment=environment, settings=settings, resources=resources).facts() | {
        "target": context.target.describe(),
        "settings": settings.model_dump(mode="json"),
        "outputs": dict(checkpoint.outputs) if checkpoint else {},
    }


def _resources(backend: Backend | None, environment: Environment) -> int | None:
    entries = backend.entries() if backend else []
    return next((entry.resources for entry in entries if entry.name == environment.name), None)


def _outputs(backend: Backend | None, environment: Environment) -> dict[str, Any]:
    try:
        return backend.outputs(environment.name) if backend else {}
    except NoStackError:
        return {}
