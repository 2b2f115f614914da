"""A stack's checkpoint, the engine's state of it: read once, as one value for every decision.

`core.pulumi_state.files` has its path. Layout as the CLI 3.259 writes it (sdk/go/common/apitype, `CheckpointV3`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from tee_infra.core.tags import PREFIX, branch_value, parse
from tee_infra.core.times import parse_time
from tee_infra.core.unreadable import Unreadable

VERSIONS: Final = (3, 4)
"""Of a checkpoint's layout: 4 is 3 with a list of features."""

_STACK: Final = "pulumi:pulumi:Stack"
_PROVIDER: Final = "pulumi:providers:aws"
_ENGINE_TYPES: Final = ("pulumi:pulumi:", "pulumi:providers:")
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as one of the engine's own, mainly a secret (sdk/go/common/resource/sig)."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A stack's state: the number of resources, the protected ones, the creates that were left open.

    `expires_at` is the lease end that the last `up` wrote into the provider's default tags, which are `tags`. `outputs`
    are its exports without secrets. States that lead to the same decision are equal.
    """

    resources: int
    protected: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    expires_at: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)

    def is_of(self, environment: str, branch: str, project: str) -> bool:
        """Whether the tags name this branch."""
        found = parse(self.tags, project)
        if found is None or isinstance(found, Unreadable):
            return False
        return found.environment.name == environment and self.tags.get(f"{PREFIX}branch") == branch_value(branch)


def read_checkpoint(data: bytes) -> Checkpoint | Unreadable:
    """Read a checkpoint. A stack without resources has a checkpoint without `latest`."""
    try:
        file = _decode(data)
        if file.version not in VERSIONS:
            return Unreadable(reason=f"its state cannot be read (version {file.version} of its layout is unknown)")
        latest = file.checkpoint.latest or _Deployment()
        resources = latest.resources or []
        tags = _default_tags(resources)
        expires_at = tags.get(f"{PREFIX}expires-at")
        real = [resource for resource in resources if resource.custom and not resource.type.startswith(_ENGINE_TYPES)]
        return Checkpoint(
            resources=len(real),
            protected=tuple(name_of(resource.urn) for resource in real if resource.protect),
            pending=tuple(name_of(operation.resource.urn) for operation in latest.pending_operations or []),
            expires_at=parse_time(expires_at) if expires_at else None,
            tags=tags,
            outputs=_outputs(resources),
        )
    # Deep nesting is a RecursionError, a time at the end of the calendar an OverflowError.
    except (ValueError, OverflowError, RecursionError) as error:
        return Unreadable(reason=f"its state cannot be read ({type(error).__name__}: {error})")


def name_of(urn: str) -> str:
    """A resource's name in the program, which is the last part of its URN."""
    return urn.rsplit("::", 1)[-1]


class _Resource(msgspec.Struct):
    urn: str
    type: str
    custom: bool
    protect: bool = False
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None


class _Operation(msgspec.Struct):
    resource: _Resource


class _Deployment(msgspec.Struct):
    resources: list[_Resource] | None = None
    pending_operations: list[_Operation] | None = None


class _Inner(msgspec.Struct):
    latest: _Deployment | None = None


class _File(msgspec.Struct):
    checkpoint: _Inner
    version: int = VERSIONS[0]


class _DefaultTags(msgspec.Struct):
    tags: dict[str, str]


_decode: Final = msgspec.json.Decoder(_File).decode


def _default_tags(resources: Sequence[_Resource]) -> dict[str, str]:
    """The provider's, which the engine keeps as JSON text."""
    for resource in resources:
        said = (resource.inputs or {}).get("defaultTags")
        if resource.type == _PROVIDER and said is not None:
            return msgspec.json.decode(msgspec.convert(said, str), type=_DefaultTags).tags
    return {}


def _outputs(resources: Sequence[_Resource]) -> dict[str, Any]:
    stack = next((resource for resource in resources if resource.type == _STACK), None)
    exported = (stack.outputs if stack else None) or {}
    return {key: value for key, value in exported.items() if not _is_secret(value)}


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and _SIGNATURE in value
