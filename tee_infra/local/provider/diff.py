"""The differences between the state and the program, as the real provider finds them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tee_infra.local.provider.schema import (
    JSON,
    POLICY,
    Block,
    Effect,
    Kind,
    ListOf,
    MapOf,
    Property,
    SetOf,
    Shape,
    Values,
)
from tee_infra.local.provider.values import UNKNOWN, document, holds_unknown


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference: where (`globalSecondaryIndexes[0].name`), and whether it needs a new resource."""

    path: str
    kind: Literal["add", "delete", "update"]
    replaces: bool

    @property
    def property(self) -> str:
        """The resource's property that contains it."""
        return self.path.partition("[")[0].partition(".")[0]


def differences(properties: Mapping[str, Property], old: Values, new: Values, within: str = "") -> Iterator[Difference]:
    """Yield the differences of `new` (the program's) from `old` (the state's), each at its innermost place."""
    for name, rule in properties.items():
        before, after = old.get(name, rule.default), new.get(name, rule.default)
        overlooked = rule.same is not None and not holds_unknown(after) and rule.same(before, after, new)
        if rule.effect in {Effect.COMPUTED, Effect.REFUSED} or (rule.keeps and after is None) or overlooked:
            continue
        for difference in _within(rule.shape, before, after, f"{within}{name}"):
            yield Difference(
                path=difference.path,
                kind=difference.kind,
                replaces=difference.replaces or rule.effect is Effect.REPLACE,
            )


def equal(shape: Shape, a: Any, b: Any) -> bool:
    """Whether two values are equivalent: missing equals empty, zero and false; sets have no order, JSON no layout."""
    return next(_within(shape, a, b, ""), None) is None


def empty(value: object) -> bool:
    """Whether `value` is equal to a missing one for the real provider."""
    return value is None or value in ("", 0, [], {})


def _within(shape: Shape, before: Any, after: Any, path: str) -> Iterator[Difference]:
    if empty(before) and empty(after):
        return
    parts: Iterator[Difference] | None = None
    if after is not UNKNOWN and not empty(before) and not empty(after):
        match shape:
            case Block(properties):
                parts = differences(properties, before, after, f"{path}.")
            case MapOf(element):
                parts = _by_name(element, before, after, path)
            case SetOf(element, key):
                parts = _by_key(element, key, before, after, path)
            case ListOf(element):
                parts = _by_place(element, before, after, path)
            case Kind():
                parts = iter(()) if _same_scalar(shape, before, after) else None
    if parts is None:
        kind = "add" if before is None else "delete" if after is None else "update"
        parts = iter((Difference(path=path, kind=kind, replaces=False),))
    yield from parts


def _same_scalar(kind: Kind, before: Any, after: Any) -> bool:
    if kind in {JSON, POLICY}:
        one, other = document(before), document(after)
        return one == other if kind is JSON else _canonical_policy(one) == _canonical_policy(other)
    return before == after


def _canonical_policy(value: Any) -> Any:
    """Return a form in which equivalent policies are equal: one element or a list of it."""
    if isinstance(value, dict):
        return {name: _canonical_policy(part) for name, part in value.items()}
    if isinstance(value, list):
        parts = [_canonical_policy(part) for part in value]
        return parts[0] if len(parts) == 1 else sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))
    return value


def _by_name(element: Shape, before: Values, after: Values, path: str) -> Iterator[Difference]:
    for name in [*after, *(name for name in before if name not in after)]:
        step = f".{name}" if name.isidentifier() else f"[{json.dumps(name)}]"
        if name not in before or name not in after:
            kind = "add" if name in after else "delete"
            yield Difference(path=f"{path}{step}", kind=kind, replaces=False)
        else:
            yield from _within(element, before[name], after[name], f"{path}{step}")


def _by_place(element: Shape, before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    for place in range(max(len(before), len(after))):
        one = before[place] if place < len(before) else None
        other = after[place] if place < len(after) else None
        yield from _within(element, one, other, f"{path}[{place}]")


def _by_key(element: Shape, key: str | None, before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    left = dict(enumerate(before))
    added: list[int] = []
    for place, wanted in enumerate(after):
        found = next((at for at, value in left.items() if _same_element(element, key, value, wanted)), None)
        if found is None:
            added.append(place)
        else:
            yield from _within(element, left.pop(found), wanted, f"{path}[{place}]")
    for place in sorted({*left, *added}):
        kind = "update" if place in left and place in added else "add" if place in added else "delete"
        yield Difference(path=f"{path}[{place}]", kind=kind, replaces=False)


def _same_element(element: Shape, key: str | None, one: Any, other: Any) -> bool:
    if key is None:
        return equal(element, one, other)
    return other is not UNKNOWN and one.get(key) == other.get(key)
