"""One environment in full: its settings, its target and the outputs of its stack."""

import os
from typing import Any

from tee_infra.core.environments import Environment
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.engine import find_engine
from tee_infra.stacks import NoStackError
from tee_infra.workflows.control.records import require_record
from tee_infra.workflows.environments.list import EnvironmentRow, list_environments
from tee_infra.workflows.features.context import open_feature_context
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.reach import Report


def show_environment(project: Project, environment: Environment) -> dict[str, Any]:
    """The fields of `list`, plus `target`, `settings` and `outputs` (empty before the first `up`).

    Raises `SettingsError`.
    """
    settings = project.settings(environment)
    listed = next(entry for entry in list_environments(project) if entry.environment == environment)
    return listed.facts() | {
        "target": f"AWS account {settings.account_id}" if settings.account_id else "the embedded AWS",
        "settings": settings.model_dump(mode="json"),
        "outputs": _outputs(project, environment, on_account=settings.account_id is not None),
    }


def show_registered(project: Project, environment: Environment, report: Report) -> dict[str, Any]:
    """The same fields for a feature environment without a stack file, from its record and its state.

    Raises as `open_feature_context` and `require_record` do.
    """
    context = open_feature_context(project, report, local=False)
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


def _outputs(project: Project, environment: Environment, *, on_account: bool) -> dict[str, Any]:
    engine = find_engine(os.environ)
    if engine is None:
        return {}
    try:
        return embedded_aws.backend_for(project, engine, on_account=on_account).outputs(environment.name)
    except NoStackError:
        return {}
