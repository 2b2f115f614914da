"""The files of the engine's self-managed backend: their names, and what a checkpoint and a lock say.

Names are relative to the backend's `.pulumi` folder. Layout as the CLI 3.259 writes it, gzip off.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tee_infra.core.inventory import Checkpoint
from tee_infra.core.settings import parse_time
from tee_infra.core.tags import PREFIX, Unreadable

_PROVIDER = "pulumi:providers:aws"
_ENGINE_TYPES = ("pulumi:pulumi:", "pulumi:providers:")


def checkpoints_folder(project: str) -> str:
    """The folder with one checkpoint for each stack."""
    return f"stacks/{project}"


def checkpoint_file(project: str, stack: str) -> str:
    """The checkpoint of a stack."""
    return f"{checkpoints_folder(project)}/{stack}.json"


def locks_folder(project: str, stack: str = "") -> str:
    """The folder with the lock files of a stack, or of all in folders of their own."""
    return "/".join(filter(None, ("locks/organization", project, stack)))


def backups_folder(project: str, stack: str) -> str:
    """The folder with earlier checkpoints of a stack; their names grow with time."""
    return f"backups/{project}/{stack}"


def stack_names(files: Iterable[str]) -> list[str]:
    """The stacks among files of the checkpoints' folder: stray files and the engine's own copies are none."""
    last = (file.rsplit("/", 1)[-1] for file in files)
    return sorted(name.removesuffix(".json") for name in last if name.endswith(".json"))


def read_checkpoint(data: bytes) -> Checkpoint | Unreadable:
    """What a checkpoint says. A stack without resources has a checkpoint without `latest`."""
    try:
        latest: Any = json.loads(data)["checkpoint"].get("latest") or {}
        resources: list[Any] = latest.get("resources") or []
        real = [resource for resource in resources if resource["custom"] and not _is_engines(resource["type"])]
        return Checkpoint(
            resources=len(real),
            protected=tuple(_name(resource) for resource in real if resource.get("protect")),
            pending=tuple(_name(operation["resource"]) for operation in latest.get("pending_operations") or []),
            expires_at=_expires_at(resources),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Unreadable(reason=f"its state cannot be read ({type(error).__name__}: {error})")


def _expires_at(resources: Iterable[Any]) -> datetime | None:
    """The lease end in the provider's default tags, which the engine keeps as JSON text."""
    for resource in resources:
        if resource["type"] == _PROVIDER and "defaultTags" in resource.get("inputs", {}):
            tags = json.loads(resource["inputs"]["defaultTags"])["tags"]
            said = tags.get(f"{PREFIX}expires-at")
            return parse_time(said) if said else None
    return None


def _is_engines(kind: str) -> bool:
    return kind.startswith(_ENGINE_TYPES)


def _name(resource: Any) -> str:
    return resource["urn"].rsplit("::", 1)[-1]
