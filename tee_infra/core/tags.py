"""The tag contract: the tags on every resource, which name its environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tee_infra.core.environments import Environment, UnknownEnvironmentError, parse_owner
from tee_infra.core.settings import Settings
from tee_infra.core.times import parse_time, render_time
from tee_infra.core.unreadable import Unreadable

PREFIX: Final = "tee:"
MANAGED_BY: Final = "pulumi"

# IAM is the strictest service for tag values: letters, digits, spaces and _.:/=+-@, at most 256 characters.
_UNSAFE = re.compile(r"[^\w\s.:/=+\-@]")


def render(environment: Environment, settings: Settings, project: str) -> dict[str, str]:
    """The default tags of a stack's provider. Every value is text that IAM accepts as well.

    `tee:branch` is only for people: characters that git allows and IAM does not become `_`. The name of a feature
    environment identifies its branch: it has a hash of the raw branch where it needs one.
    """
    tags = {
        "environment": environment.name,
        "kind": environment.kind.name,
        "owner": settings.owner,
        "managed-by": MANAGED_BY,
        "stack": f"{project}/{environment.name}",
    }
    if settings.branch is not None:
        tags["branch"] = branch_value(settings.branch)
    if settings.expires_at is not None:
        tags["expires-at"] = render_time(settings.expires_at)
    return {PREFIX + key: value for key, value in tags.items()}


def branch_value(branch: str) -> str:
    """A branch as the value of `tee:branch`."""
    return _UNSAFE.sub("_", branch)[:256]


@dataclass(frozen=True, kw_only=True)
class StackTags:
    """The tags of a resource: its stack and lease. `expires_at` is None in a permanent environment."""

    environment: Environment
    stack: str
    expires_at: datetime | None = None


def parse(tags: Mapping[str, str], project: str) -> StackTags | Unreadable | None:
    """Read `render`'s tags back. None: no tee:* tags at all, so the owner is unknown.

    Strict: a tag that is missing, contradicts another or cannot be read makes all of them unreadable.
    """
    ours = {key.removeprefix(PREFIX): value for key, value in tags.items() if key.startswith(PREFIX)}
    if not ours:
        return None
    try:
        return _read(ours, project)
    except KeyError as missing:
        return Unreadable(reason=f"tag {PREFIX}{missing.args[0]} is missing")
    except UnknownEnvironmentError as error:
        return Unreadable(reason=f"tag {PREFIX}environment is {error.value!r}, which is not an environment")
    except ValueError:
        return Unreadable(reason=f"tag {PREFIX}expires-at is {ours['expires-at']!r}, which is not a timestamp")


def _read(ours: Mapping[str, str], project: str) -> StackTags | Unreadable:
    environment = parse_owner(ours["environment"])
    if ours["managed-by"] != MANAGED_BY or ours["stack"] != f"{project}/{environment.name}":
        return Unreadable(reason=f"tags {PREFIX}managed-by and {PREFIX}stack are of another stack: {ours['stack']!r}")
    if not environment.is_feature and "expires-at" not in ours:
        return StackTags(environment=environment, stack=ours["stack"])
    return StackTags(environment=environment, stack=ours["stack"], expires_at=parse_time(ours["expires-at"]))
