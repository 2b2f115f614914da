"""What the engine asks of a state before it works with it, and which of its entries are there twice.

The rules are `Snapshot.VerifyIntegrity` of the CLI 3.259 (pkg/resource/deploy/snapshot.go): every resource comes after
its provider, its parent and its dependencies, and no URN comes twice.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.core.pulumi_state.checkpoint import name_of

State = Mapping[str, Any]

_ENGINE_TYPES: Final = "pulumi:"
_LISTS: Final = ("dependencies", "replaceWith")


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """The condition of a state's resources.

    `problems`: why the engine refuses it, empty for a state that it reads. `sound` are the resources without what it
    refuses: repeated entries, and references to resources that are missing; None if more than that is wrong. `doubled`
    are the URNs that hold one resource of AWS, a group for each. `ids` are the physical ids.
    """

    problems: tuple[str, ...]
    sound: tuple[State, ...] | None
    doubled: tuple[tuple[str, ...], ...]
    ids: frozenset[str]


def check_state(data: bytes) -> Integrity | None:
    """Check a checkpoint's file. None for one whose resources cannot be read (`read_checkpoint` says why)."""
    try:
        latest = json.loads(data)["checkpoint"].get("latest") or {}
        return check_resources(latest.get("resources") or [])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def check_resources(resources: Sequence[State]) -> Integrity:
    """Check the resources of a deployment. Raises `KeyError`, `TypeError` and `AttributeError` for other shapes."""
    problems: list[str] = []
    sound: list[State] = []
    hopeless = False
    seen: dict[str, State] = {}
    providers: set[str] = set()
    for resource in resources:
        urn = resource["urn"]
        first = seen.get(urn)
        if first is not None and not resource.get("delete"):
            problems.append(f"{name_of(urn)} is there twice")
            hopeless |= first.get("id") != resource.get("id")
            continue
        if missing := _missing_owner(resource, seen, providers):
            problems.append(f"{name_of(urn)} comes without its {missing}")
            hopeless = True
        kept, dropped = _with_known(resource, seen)
        problems += [f"{name_of(urn)} depends on {name_of(other)}, which is missing" for other in dropped]
        sound.append(kept)
        if resource["type"].startswith("pulumi:providers:"):
            providers.add(f"{urn}::{resource.get('id', '')}")
        if not resource.get("delete"):
            seen[urn] = resource
    return Integrity(
        problems=tuple(problems),
        sound=None if hopeless else tuple(sound),
        doubled=_doubled(seen.values()),
        ids=frozenset(resource["id"] for resource in resources if resource.get("id")),
    )


def without(resources: Sequence[State], stale: Collection[str]) -> tuple[State, ...] | None:
    """The resources without the entries of these URNs. None if another entry is below one of them."""
    return check_resources([resource for resource in resources if resource["urn"] not in stale]).sound


def _missing_owner(resource: State, seen: Collection[str], providers: Collection[str]) -> str:
    parent, provider = resource.get("parent"), resource.get("provider")
    if parent and parent not in seen:
        return f"parent {name_of(parent)}"
    return "provider" if provider and provider not in providers else ""


def _with_known(resource: State, seen: Collection[str]) -> tuple[State, list[str]]:
    """The resource with only the dependencies that come before it, and the others, once each."""
    dropped: dict[str, None] = {}

    def known(urns: Sequence[str] | None) -> list[str]:
        dropped.update((urn, None) for urn in urns or () if urn not in seen)
        return [urn for urn in urns or () if urn in seen]

    kept = dict(resource)
    for name in _LISTS:
        if resource.get(name):
            kept[name] = known(resource[name])
    if resource.get("propertyDependencies"):
        kept["propertyDependencies"] = {key: known(urns) for key, urns in resource["propertyDependencies"].items()}
    if resource.get("deletedWith") and not known([resource["deletedWith"]]):
        del kept["deletedWith"]
    return kept, list(dropped)


def _doubled(resources: Collection[State]) -> tuple[tuple[str, ...], ...]:
    holders: dict[tuple[str, str], list[str]] = {}
    for resource in resources:
        if resource.get("custom") and resource.get("id") and not resource["type"].startswith(_ENGINE_TYPES):
            holders.setdefault((resource["type"], resource["id"]), []).append(resource["urn"])
    return tuple(tuple(urns) for urns in holders.values() if len(urns) > 1)
