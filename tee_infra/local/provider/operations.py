"""One operation on one resource: the tables' rules and the actions on AWS, in the order of the engine's requests."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tee_infra.local.provider import merge
from tee_infra.local.provider.clients import Aws
from tee_infra.local.provider.diff import Difference, differences
from tee_infra.local.provider.schema import Effect, Failure, RefusedByAwsError, ResourceType, Update, Values
from tee_infra.local.provider.validate import DEFAULTED
from tee_infra.local.provider.values import UNKNOWN, holds_unknown

EXISTS_ALREADY = ("AlreadyExists", "ResourceInUse", "EntityAlreadyExists", "BucketAlreadyOwnedByYou", "already exists")


class OperationFailedError(Exception):
    """The operation failed, and nothing changed that is not in the state."""


@dataclass(eq=False)
class IncompleteError(Exception):
    """The resource exists but differs from the request: `state` is its actual state."""

    id: str
    state: Values
    inputs: Values
    reason: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A planned update: the differences, and whether the old resource is deleted before the new one is created."""

    differences: tuple[Difference, ...]
    delete_first: bool

    @property
    def replaces(self) -> bool:
        """Whether any difference needs a new resource."""
        return any(difference.replaces for difference in self.differences)


def plan(kind: ResourceType, state: Values, inputs: Values, ignored: tuple[str, ...] = ()) -> Plan:
    """Return the changes from `state` to `inputs`, without the property paths in `ignored`.

    Raises OperationFailedError when the real provider refuses such a change at plan time.
    """
    found = tuple(
        difference
        for difference in differences(kind.properties, state, inputs)
        if not any(difference.path == path or difference.path.startswith((f"{path}.", f"{path}[")) for path in ignored)
    )
    _fail_on(kind.validate_change(state, inputs))
    return Plan(differences=found, delete_first=_same_fixed_name(kind, state, inputs))


def create(kind: ResourceType, aws: Aws, inputs: Values) -> tuple[str, Values]:
    """Create the resource and return its id and state.

    Raises OperationFailedError when it was not created, IncompleteError when it was created incompletely.
    """
    try:
        made = kind.actions.create(aws, inputs)
    except (ClientError, BotoCoreError, RefusedByAwsError) as error:
        raise OperationFailedError(
            f"creating {_who(kind, inputs)}: {_said(error)}{_advice(kind, inputs, error)}"
        ) from error
    try:
        if kind.actions.finish is not None:
            kind.actions.finish(aws, made, inputs)
    except (ClientError, BotoCoreError, RefusedByAwsError) as error:
        state = _state(kind, aws, made, inputs)
        raise IncompleteError(made, state, inputs, f"completing {_who(kind, inputs)}: {_said(error)}") from error
    return made, _state(kind, aws, made, inputs)


def preview_create(kind: ResourceType, aws: Aws, inputs: Values) -> Values:
    """Return the properties of a resource that are known before it is created."""
    unknown = {name: UNKNOWN for name, rule in kind.properties.items() if rule.effect is Effect.COMPUTED}
    return unknown | _settled(kind, inputs, {"region": aws.region})


def read(kind: ResourceType, aws: Aws, made: str, state: Values, inputs: Values) -> tuple[Values, Values] | None:
    """Return the state of the resource in AWS, and the matching inputs; None when it does not exist."""
    try:
        live = kind.actions.read(aws, made, state)
    except (ClientError, BotoCoreError) as error:
        raise OperationFailedError(f"reading {kind.title} ({made}): {_said(error)}") from error
    if live is None:
        return None
    now = merge.outputs(kind, _with_region(kind, aws, live), state)
    return now, merge.inputs(kind, now, inputs)


def update(kind: ResourceType, aws: Aws, made: str, *, old: Values, inputs: Values, ignored: tuple[str, ...]) -> Values:
    """Change the resource in place and return its state.

    Raises IncompleteError with the actual state when AWS refuses.
    """
    changed = frozenset(difference.property for difference in plan(kind, old, inputs, ignored).differences)
    try:
        if kind.actions.update is not None:
            kind.actions.update(aws, made, Update(old=old, new=inputs, changed=changed))
    except (ClientError, BotoCoreError, RefusedByAwsError) as error:
        state = _state(kind, aws, made, old)
        raise IncompleteError(made, state, inputs, f"updating {kind.title} ({made}): {_said(error)}") from error
    return _state(kind, aws, made, _settled(kind, inputs, old))


def preview_update(kind: ResourceType, old: Values, inputs: Values, ignored: tuple[str, ...]) -> Values:
    """Return the known part of the state after an update."""
    changed = {difference.property for difference in plan(kind, old, inputs, ignored).differences}
    moved = {name: UNKNOWN for name, rule in kind.properties.items() if changed & set(rule.follows)}
    if "tags" in changed and not holds_unknown(inputs.get("tags")):
        moved["tagsAll"] = inputs.get("tags", {})
    kept = {name: old[name] for name, rule in kind.properties.items() if rule.effect is Effect.COMPUTED and name in old}
    return kept | moved | _settled(kind, inputs, old)


def delete(kind: ResourceType, aws: Aws, made: str, state: Values) -> None:
    """Delete the resource; a missing one is fine. Raises OperationFailedError with AWS's message."""
    try:
        if kind.actions.read(aws, made, state) is not None:
            kind.actions.delete(aws, made, state)
    except (ClientError, BotoCoreError, RefusedByAwsError) as error:
        raise OperationFailedError(f"deleting {kind.title} ({made}): {_said(error)}") from error


def _state(kind: ResourceType, aws: Aws, made: str, wanted: Values) -> Values:
    live = kind.actions.read(aws, made, wanted)
    if live is None:
        raise OperationFailedError(f"reading {kind.title} ({made}): couldn't find resource")
    return merge.outputs(kind, _with_region(kind, aws, live), wanted)


def _with_region(kind: ResourceType, aws: Aws, live: Values) -> Values:
    return live | ({"region": aws.region} if "region" in kind.properties else {})


def _settled(kind: ResourceType, inputs: Values, old: Values) -> Values:
    """Return the program's values, and the existing ones where it has none."""
    kept = {name: old[name] for name, rule in kind.properties.items() if rule.keeps and name in old}
    return kept | {name: value for name, value in inputs.items() if name in kind.properties}


def _same_fixed_name(kind: ResourceType, state: Values, inputs: Values) -> bool:
    if kind.naming is None:
        return False
    name = kind.naming[0]
    return name not in inputs.get(DEFAULTED, ()) and state.get(name) == inputs.get(name)


def _fail_on(failures: list[Failure]) -> None:
    if failures:
        raise OperationFailedError("; ".join(f"{failure.path}: {failure.reason}" for failure in failures))


def _who(kind: ResourceType, inputs: Values) -> str:
    name = inputs.get(kind.naming[0]) if kind.naming else None
    return f"{kind.title} ({name})" if name else kind.title


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        told: Any = error.response.get("Error", {})
        return f"operation error {error.operation_name}: {told.get('Code')}: {told.get('Message')}"
    return str(error)


def _advice(kind: ResourceType, inputs: Values, error: Exception) -> str:
    name = inputs.get(kind.naming[0]) if kind.naming else None
    if name is None or not any(sign in _said(error) for sign in EXISTS_ALREADY):
        return ""
    return (
        ". It exists and is not in this stack's state; an earlier run may have ended before recording it."
        " Adopt it: tee-infra repair ENV"
    )
