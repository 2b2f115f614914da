"""Tags, in the two forms that AWS's services use."""

from collections.abc import Iterable, Mapping
from typing import Any

from tee_infra.local.provider.schema import Update, Values


def pairs(tags: Mapping[str, str] | None) -> list[Any]:
    """Return `tags` as the list of Key and Value of most services."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def both(listed: Iterable[Any] | Mapping[str, str]) -> Values:
    """Return the properties `tags` and `tagsAll` for the tags in AWS."""
    tags = dict(listed) if isinstance(listed, Mapping) else {tag["Key"]: tag["Value"] for tag in listed}
    return {"tags": tags, "tagsAll": dict(tags)}


def changes(update: Update) -> tuple[dict[str, str], list[str]]:
    """Return the tags to set and the names to remove."""
    old, new = update.old.get("tags", {}), update.new.get("tags", {})
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed, [key for key in old if key not in new]
