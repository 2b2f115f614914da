"""The environments with a stack file, and their resource counts."""

import os
from dataclasses import dataclass, replace
from typing import Any

from tee_infra.core.app_config import table_names
from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings, SettingsError
from tee_infra.core.times import render_time
from tee_infra.engine import Engine, find_engine
from tee_infra.workflows.session import embedded_aws
from tee_infra.workflows.session.checkout import Project


@dataclass(frozen=True, kw_only=True)
class EnvironmentRow:
    """One environment. `settings` is None if its stack file is invalid; `problem` is the reason.

    `resources` is the stack's number of resources; None: unknown, as there is no Pulumi CLI or no stack.
    """

    environment: Environment
    settings: Settings | None
    problem: str = ""
    resources: int | None = None

    def facts(self) -> dict[str, Any]:
        """The JSON fields."""
        settings = self.settings
        return {
            "environment": self.environment.name,
            "kind": self.environment.kind.name,
            "tables": table_names(self.environment),
            "owner": settings.owner if settings else None,
            "expires_at": render_time(settings.expires_at) if settings and settings.expires_at else None,
            "account_id": settings.account_id if settings else None,
            "resources": self.resources,
            "problem": self.problem or None,
        }


def list_environments(project: Project) -> list[EnvironmentRow]:
    """Every environment with a stack file, with its resource count from the backend.

    An invalid file is listed with its problem, and does not hide the other environments.
    """
    listed = [_listed(project, environment) for environment in project.environments()]
    engine = find_engine(os.environ)
    if engine is None:
        return listed
    counts = {
        on_account: _counts(project, engine, on_account) for on_account in {_on_account(entry) for entry in listed}
    }
    return [replace(entry, resources=counts[_on_account(entry)].get(entry.environment.name)) for entry in listed]


def _listed(project: Project, environment: Environment) -> EnvironmentRow:
    try:
        return EnvironmentRow(environment=environment, settings=project.settings(environment))
    except SettingsError as error:
        return EnvironmentRow(environment=environment, settings=None, problem=str(error))


def _on_account(entry: EnvironmentRow) -> bool:
    return entry.settings is not None and entry.settings.account_id is not None


def _counts(project: Project, engine: Engine, on_account: bool) -> dict[str, int | None]:
    entries = embedded_aws.backend_for(project, engine, on_account=on_account).entries()
    return {entry.name: entry.resources for entry in entries}
