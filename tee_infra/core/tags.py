"""The tag contract: what every resource says about the environment that it belongs to."""

import re
from typing import Final

from tee_infra.core.environments import Environment
from tee_infra.core.settings import Settings, render_time

PREFIX: Final = "tee:"
MANAGED_BY: Final = "pulumi"

# IAM is the strictest service for tag values: letters, digits, spaces and _.:/=+-@, at most 256 characters.
_UNSAFE = re.compile(r"[^\w\s.:/=+\-@]")


def render(environment: Environment, settings: Settings, project: str) -> dict[str, str]:
    """The default tags of a stack's provider. Every value is text that IAM accepts as well.

    `tee:branch` is for reading only: characters that git allows and IAM does not become `_`. What a
    feature environment belongs to is said by its name, which has a hash of the raw branch where it needs one.
    """
    tags = {
        "environment": environment.name,
        "kind": environment.kind.name,
        "owner": settings.owner,
        "managed-by": MANAGED_BY,
        "stack": f"{project}/{environment.name}",
    }
    if settings.branch is not None:
        tags["branch"] = _UNSAFE.sub("_", settings.branch)[:256]
    if settings.expires_at is not None:
        tags["expires-at"] = render_time(settings.expires_at)
    return {PREFIX + key: value for key, value in tags.items()}
