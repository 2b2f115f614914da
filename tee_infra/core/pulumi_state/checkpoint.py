"""What a checkpoint says that people ask for: the tags that the last `up` gave everything, and the stack's outputs.

`core.pulumi_state.files` has the checkpoint's place, and reads from it what cleanup decides by.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from tee_infra.core.tags import PREFIX, branch_value, parse
from tee_infra.core.unreadable import Unreadable

_STACK: Final = "pulumi:pulumi:Stack"
_PROVIDER: Final = "pulumi:providers:aws"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as one of the engine's own, a secret above all (sdk/go/common/resource/sig)."""


def is_stack_of(data: bytes, environment: str, branch: str, project: str) -> bool:
    """Whether the tags in a checkpoint say that it is this branch's. False where they, or it, cannot be read."""
    tags = _default_tags(data)
    found = parse(tags, project)
    if found is None or isinstance(found, Unreadable):
        return False
    return found.environment.name == environment and tags.get(f"{PREFIX}branch") == branch_value(branch)


def stack_outputs(data: bytes) -> dict[str, Any]:
    """What the last `up` exported, secrets left out. Empty before it, and where the checkpoint cannot be read."""
    for resource in _resources(data):
        if resource.get("type") == _STACK:
            outputs: Mapping[str, Any] = resource.get("outputs") or {}
            return {key: value for key, value in outputs.items() if not _is_secret(value)}
    return {}


def _default_tags(data: bytes) -> dict[str, str]:
    for resource in _resources(data):
        said = resource.get("inputs", {}).get("defaultTags")
        if resource.get("type") == _PROVIDER and said is not None:
            with suppress(ValueError, AttributeError):
                return json.loads(said).get("tags", {})
    return {}


def _resources(data: bytes) -> list[Any]:
    try:
        latest: Any = json.loads(data)["checkpoint"].get("latest") or {}
        return [resource for resource in latest.get("resources") or [] if isinstance(resource, dict)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and _SIGNATURE in value
