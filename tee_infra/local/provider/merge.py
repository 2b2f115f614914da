"""The state of a resource: AWS's values, in the program's spelling where both are equivalent."""

from collections.abc import Mapping
from typing import Any

from tee_infra.local.provider.diff import empty, equal
from tee_infra.local.provider.schema import Block, Effect, Property, ResourceType, SetOf, Shape, Values


def outputs(kind: ResourceType, live: Values, wanted: Values) -> Values:
    """Return the state after an operation: `live` from AWS, `wanted` for layout and for values that AWS hides."""
    return _block(kind.properties, live, wanted)


def inputs(kind: ResourceType, state: Values, before: Values) -> Values:
    """Return the program that would lead to `state`, in the spelling of `before`, the program known so far.

    For an import `before` is empty: every settable property that is not its default is adopted.
    """
    taken: Values = {}
    for name, rule in kind.properties.items():
        if rule.effect in {Effect.COMPUTED, Effect.REFUSED}:
            continue
        value = state.get(name)
        said = name in before
        worth_saying = rule.required or not (empty(value) or value == rule.default or (rule.keeps and before))
        if value is not None and (said or worth_saying):
            taken[name] = before[name] if said and equal(rule.shape, before[name], value) else value
    if "__defaults" in before:
        taken["__defaults"] = before["__defaults"]
    return taken


def _block(properties: Mapping[str, Property], live: Values, wanted: Values) -> Values:
    merged: Values = {}
    for name, rule in properties.items():
        value = wanted.get(name) if rule.unread else _value(rule.shape, live.get(name), wanted.get(name))
        if value is not None:
            merged[name] = value
    return merged


def _value(shape: Shape, live: Any, wanted: Any) -> Any:
    match shape:
        case Block(properties) if isinstance(live, dict):
            return _block(properties, live, wanted if isinstance(wanted, dict) else {})
        case SetOf(Block(properties), str(key)) if isinstance(live, list):
            order = {element[key]: (place, element) for place, element in enumerate(wanted or [])}
            found = sorted(live, key=lambda element: order.get(element[key], (len(order), {}))[0])
            return [_block(properties, element, order.get(element[key], (0, {}))[1]) for element in found]
        case _ if live is None and not empty(wanted):
            return None
        case _:
            return wanted if wanted is not None and equal(shape, live, wanted) else live
