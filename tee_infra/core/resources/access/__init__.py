"""Access control: every role of an environment, the boundaries and the policies on its data, as plain data.

`roles` is the entry point. Documents are dictionaries in IAM's own form; `render` makes the text for AWS.
"""

from tee_infra.core.arns import Arns
from tee_infra.core.environments import Environment
from tee_infra.core.resources.access import people, pipelines
from tee_infra.core.resources.access.boundary import boundary, bounded_by
from tee_infra.core.resources.access.documents import Document, render
from tee_infra.core.resources.access.pipeline_boundary import pipeline_boundary
from tee_infra.core.resources.access.role import ALERTED_ROLES, PRIVILEGED, SESSION_SECONDS, Role
from tee_infra.core.resources.access.tables import table_key_policy, table_policy
from tee_infra.core.settings import Settings

__all__ = [
    "ALERTED_ROLES",
    "SESSION_SECONDS",
    "Document",
    "Role",
    "boundary",
    "bounded_by",
    "pipeline_boundary",
    "render",
    "roles",
    "table_key_policy",
    "table_policy",
]


def roles(environment: Environment, settings: Settings, arns: Arns) -> list[Role]:
    """The roles that environments of this kind have, in the order in which the kind names them.

    Where nothing would report its use, production has no privileged deployer: a person makes its changes.
    """
    makers = {
        "app": lambda: people.app(environment, arns, settings.slots),
        "developer": lambda: people.developer(environment, arns, settings.slots),
        "migrator": lambda: people.migrator(environment, arns, settings.slots),
        "break-glass": lambda: people.break_glass(arns),
        "deployer": lambda: pipelines.deployer(environment, settings, arns),
        PRIVILEGED: lambda: pipelines.privileged_deployer(environment, settings, arns),
        "cleanup": lambda: pipelines.cleanup(environment, settings, arns),
    }
    is_reported = settings.alarms and settings.audit != "off"
    return [makers[name]() for name in environment.kind.roles if name != PRIVILEGED or is_reported]
