"""The resources that a preview would create, in the form of the engine's state."""

from typing import Any

from pulumi.automation.events import EngineEvent


def planned_resource(event: EngineEvent) -> dict[str, Any] | None:
    """The resource that a preview's step creates, components and providers too; None for every other event.

    Its inputs are complete except for values known only after another resource's creation, which are
    `core.pulumi_state.pending_operations.UNKNOWN`.
    """
    if event.resource_pre_event is None:
        return None
    step = event.resource_pre_event.metadata
    if step.op.value != "create" or step.new is None:
        return None
    new = step.new
    resource: dict[str, Any] = {"urn": step.urn, "type": step.type, "custom": bool(new.custom)}
    resource |= {"inputs": dict(new.inputs or {}), "parent": new.parent, "protect": new.protect}
    if new.custom and step.provider:
        resource["provider"] = step.provider
    return {key: value for key, value in resource.items() if value not in (None, "", False) or key == "custom"}
