"""A role as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    `description` is ASCII: IAM refuses most other characters. `permissions` is its inline policy. `attached` are
    managed policies of this role only, by what they are about: IAM counts the inline policies of a role together.
    """

    name: str
    description: str
    trust: Document
    permissions: Document
    attached: Mapping[str, Document] = field(default_factory=dict[str, Document])

    @property
    def is_pipeline(self) -> bool:
        """Whether it manages resources, and so has the boundary of pipelines."""
        return self.name in _PIPELINE_ROLES


def guarded_roles(environment: Environment) -> list[str]:
    """The roles that no pipeline may change: its own, for their limits, and break-glass, for its alarm."""
    return [role for role in (*_PIPELINE_ROLES, "break-glass") if role in environment.kind.roles]
