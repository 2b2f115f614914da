"""A role as plain data."""

from dataclasses import dataclass
from typing import Final

from tee_infra.core.environments import Environment
from tee_infra.core.resources.access.documents import Document

SESSION_SECONDS: Final = 3600
"""The session length of every role: one hour, the shortest maximum that IAM accepts for a role."""

PRIVILEGED: Final = "privileged-deployer"
"""Production's deployer of changes to access, evidence and the safety net of its data."""

ALERTED_ROLES: Final = ("break-glass", PRIVILEGED)
"""The roles whose every use is reported to the alarm topic."""

_PIPELINE_ROLES: Final = ("deployer", PRIVILEGED, "cleanup")


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of an environment. `name` is the logical one (`developer`), `trust` its trust policy.

    `description` is ASCII: IAM refuses most other characters.
    """

    name: str
    description: str
    trust: Document
    permissions: Document


def pipeline_roles(environment: Environment) -> list[str]:
    """The roles that manage resources; a feature environment has none of its own."""
    return [role for role in _PIPELINE_ROLES if role in environment.kind.roles]


def guarded_roles(environment: Environment) -> list[str]:
    """The roles that no pipeline may change: its own, for their limits, and break-glass, for its alarm."""
    return [role for role in (*_PIPELINE_ROLES, "break-glass") if role in environment.kind.roles]
