"""What a role is."""

from dataclasses import dataclass
from typing import Final

from tee_infra.core.resources.access.documents import Document

SESSION_SECONDS: Final = 3600
"""How long a session of any role lasts: one hour, the shortest that IAM lets a role be limited to."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of an environment. `name` is the logical one (`developer`), `trust` says who may take it.

    `description` is ASCII: IAM refuses most other characters.
    """

    name: str
    description: str
    trust: Document
    permissions: Document
