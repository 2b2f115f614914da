"""The environments with a stack file, their targets, and their resource counts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tee_infra.core.app_config import table_names
from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings, SettingsError
from tee_infra.core.target import AwsTarget
from tee_infra.core.times import render_time
from tee_infra.engine import Engine, find_engine
from tee_infra.errors import TeeInfraError
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.session import open_state, target_of


@dataclass(frozen=True, kw_only=True)
class EnvironmentRow:
    """One environment. `settings` and `target` are None if its stack file is invalid; `problem` is the reason.

    `problem` is also the reason why its state cannot be read. `resources` is the stack's number of resources; None:
    unknown, as there is no Pulumi CLI, no stack, or a problem.
    """

    environment: Environment
    settings: Settings | None
    target: AwsTarget | None = None
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


def find_environments(project: Project, *, local: bool) -> list[EnvironmentRow]:
    """Every environment with a stack file, and its target. Contacts nothing.

    An invalid file is listed with its problem, and does not hide the other environments.
    """
    return [_found(project, environment, local=local) for environment in project.environments()]


def count_resources(project: Project, listed: Sequence[EnvironmentRow]) -> list[EnvironmentRow]:
    """The same with what their backends know of them. A backend that cannot be read is its environments' problem."""
    engine = find_engine(os.environ)
    if engine is None:
        return list(listed)
    known = {
        target: _counts(project, engine, target) for target in {_place(entry.target) for entry in listed} if target
    }
    return [_counted(entry, known) for entry in listed]


Counts = dict[str, int | None] | TeeInfraError


def _found(project: Project, environment: Environment, *, local: bool) -> EnvironmentRow:
    try:
        settings = project.settings(environment)
    except SettingsError as error:
        return EnvironmentRow(environment=environment, settings=None, problem=str(error))
    target = target_of(project, environment, settings, local=local)
    return EnvironmentRow(environment=environment, settings=settings, target=target)


def _place(target: AwsTarget | None) -> AwsTarget | None:
    """What the environments of one account and region have in common; all on the embedded AWS share one state."""
    if target is None:
        return None
    return replace(target, environment=None, region="") if target.embedded else replace(target, environment=None)


def _counts(project: Project, engine: Engine, target: AwsTarget) -> Counts:
    try:
        return {entry.name: entry.resources for entry in open_state(project, target, engine).entries()}
    except TeeInfraError as error:
        return error


def _counted(entry: EnvironmentRow, known: dict[AwsTarget, Counts]) -> EnvironmentRow:
    place = _place(entry.target)
    if place is None:
        return entry
    counts = known[place]
    if isinstance(counts, TeeInfraError):
        return replace(entry, problem=str(counts))
    return replace(entry, resources=counts.get(entry.environment.name))
