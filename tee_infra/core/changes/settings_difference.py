"""How the settings of two environments differ."""

from typing import Any, Final

from tee_infra.core.settings import Settings

_OF_ONE: Final = frozenset({"name", "branch", "expires_at"})
"""What says which environment it is: equal in no two."""


def differing_settings(one: Settings, other: Settings) -> dict[str, tuple[Any, Any]]:
    """Setting -> both values as JSON, of those in force; by name."""
    ours, theirs = one.model_dump(mode="json"), other.model_dump(mode="json")
    return {
        name: (ours[name], theirs[name]) for name in sorted(ours) if name not in _OF_ONE and ours[name] != theirs[name]
    }
