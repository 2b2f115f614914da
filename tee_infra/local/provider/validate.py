"""The program's inputs, checked and completed: generated names, defaults and merged default tags."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tee_infra.local.provider.schema import (
    Block,
    Effect,
    Failure,
    Kind,
    ListOf,
    MapOf,
    Property,
    ResourceType,
    SetOf,
    Shape,
    Values,
)
from tee_infra.local.provider.values import UNKNOWN, document, holds_unknown

DEFAULTED = "__defaults"


def check(
    kind: ResourceType, news: Values, *, olds: Values, name: str, seed: bytes, default_tags: Mapping[str, str]
) -> tuple[Values, list[Failure]]:
    """Return the inputs of the resource `name` completed, and the failures.

    `olds` are the previous inputs, from which a generated name is kept; `seed` is for a new one.
    """
    inputs = {key: value for key, value in news.items() if key != DEFAULTED}
    failures = list(_faults(kind.properties, inputs, ""))
    for key, rule in kind.properties.items():
        if rule.shape in (Kind.JSON, Kind.POLICY) and isinstance(inputs.get(key), dict):  # the SDKs let it be an object
            inputs[key] = UNKNOWN if holds_unknown(inputs[key]) else json.dumps(inputs[key])
    filled = _fill(kind, inputs, olds, name, seed)
    if kind.taggable and default_tags and inputs.get("tags") is not UNKNOWN:
        inputs["tags"] = dict(default_tags) | inputs.get("tags", {})
    inputs[DEFAULTED] = sorted(filled)
    if not failures:
        failures = kind.validate(inputs)
    return inputs, failures


def _fill(kind: ResourceType, inputs: Values, olds: Values, name: str, seed: bytes) -> set[str]:
    filled: set[str] = set()
    for key, rule in kind.properties.items():
        if rule.default is not None and key not in inputs:
            inputs[key] = rule.default
            filled.add(key)
    if kind.naming is not None and kind.naming[0] not in inputs:
        key, naming = kind.naming
        kept = olds.get(key) if key in olds.get(DEFAULTED, ()) else None
        suffix = f"-{hashlib.sha256(seed or name.encode()).hexdigest()[:7]}"
        stem = naming.prefix + (name.lower() if naming.lower else name)
        made_up = stem[: naming.longest - len(suffix)] + suffix
        inputs[key] = kept or made_up
        filled.add(key)
    return filled


def _faults(properties: Mapping[str, Property], values: Values, within: str) -> Iterator[Failure]:
    for name in values:
        rule = properties.get(name)
        if rule is None or rule.effect is Effect.COMPUTED:
            yield Failure(path=f"{within}{name}", reason="Invalid or unknown key")
        elif rule.effect is Effect.REFUSED:
            yield Failure(path=f"{within}{name}", reason=f"not supported by the embedded AWS: {rule.why}")
        else:
            yield from _value_faults(rule, rule.shape, values[name], f"{within}{name}")
    for name, rule in properties.items():
        if rule.required and name not in values:
            yield Failure(
                path=f"{within}{name}",
                reason=f'Missing required argument. The argument "{within}{name}" is required.',
            )


def _value_faults(rule: Property, shape: Shape, value: Any, path: str) -> Iterator[Failure]:
    if value is UNKNOWN:
        return
    match shape, value:
        case Block(properties), dict():
            yield from _faults(properties, value, f"{path}.")
        case MapOf(element), dict():
            for name, part in value.items():
                yield from _value_faults(rule, element, part, f"{path}[{name!r}]")
        case ((ListOf(element) | SetOf(element)), list()):
            for place, part in enumerate(value):
                yield from _value_faults(rule, element, part, f"{path}[{place}]")
        case Kind(), _ if _fits(shape, value):
            if rule.one_of and value not in rule.one_of:
                allowed = " ".join(f'"{choice}"' for choice in rule.one_of)
                yield Failure(path=path, reason=f"expected {path} to be one of [{allowed}], got {value}")
            if rule.between and not rule.between[0] <= value <= rule.between[1]:
                low, high = rule.between
                yield Failure(path=path, reason=f"expected {path} to be in the range ({low} - {high}), got {value}")
        case _:
            expected = shape.value if isinstance(shape, Kind) else type(shape).__name__
            yield Failure(path=path, reason=f"expected {_article(expected)}, got {value!r}")


def _article(expected: str) -> str:
    return {"Block": "an object", "MapOf": "a map", "ListOf": "a list", "SetOf": "a list"}.get(
        expected, f"a {expected}"
    )


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.NUMBER:
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case Kind.STRING:
            return isinstance(value, str)
        case Kind.JSON | Kind.POLICY:
            return isinstance(document(value), (dict, list))
        case Kind.ANY:
            return True
