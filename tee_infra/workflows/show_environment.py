"""One environment in full: what its file says, where it lives, and what its stack exports."""

import os
from typing import Any

from tee_infra.core.environments import Environment
from tee_infra.engine import find_engine
from tee_infra.stacks import NoStackError
from tee_infra.workflows import embedded
from tee_infra.workflows.inventory import list_environments
from tee_infra.workflows.project import Project


def show_environment(project: Project, environment: Environment) -> dict[str, Any]:
    """The facts that `list` gives, plus `target`, `settings` and `outputs` (empty before the first `up`).

    Raises `SettingsError`.
    """
    settings = project.settings(environment)
    listed = next(entry for entry in list_environments(project) if entry.environment == environment)
    return listed.facts() | {
        "target": f"AWS account {settings.account_id}" if settings.account_id else "the embedded AWS",
        "settings": settings.model_dump(mode="json"),
        "outputs": _outputs(project, environment, on_account=settings.account_id is not None),
    }


def _outputs(project: Project, environment: Environment, *, on_account: bool) -> dict[str, Any]:
    engine = find_engine(os.environ)
    if engine is None:
        return {}
    try:
        return embedded.backend_for(project, engine, on_account=on_account).outputs(environment.name)
    except NoStackError:
        return {}
