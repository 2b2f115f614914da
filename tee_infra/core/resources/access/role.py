"""A role as plain data."""

from dataclasses import dataclass
from typing import Final

from tee_infra.core.resources.access.documents import Document

SESSION_SECONDS: Final = 3600
"""The session length of every role: one hour, the shortest maximum that IAM accepts for a role."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of an environment. `name` is the logical one (`developer`), `trust` its trust policy.

    `description` is ASCII: IAM refuses most other characters.
    """

    name: str
    description: str
    trust: Document
    permissions: Document
