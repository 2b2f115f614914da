"""References between tables in the target: which of its items name an item that is missing there."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.requests import Key
from tee_infra.core.cutover.run import canonical_key
from tee_infra.core.tables.references import Reference

MOST_SUSPECTS: Final = 1000
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, kw_only=True)
class ReferenceCounts:
    """Items of one table of the target. `broken` ones name an item that only the source has, `dangling` ones one that
    is missing in both. At most about `MOST_SUSPECTS`: there may be more."""

    broken: int = 0
    dangling: int = 0


def named_keys(reference: Reference, items: Iterable[RawItem], key_names: tuple[str, ...]) -> dict[Key, Key]:
    """Key of an item -> key of the item of `reference.target` that it names, for the items that name one.

    `key_names` are the key attributes of the items' own table.
    """
    found: dict[Key, Key] = {}
    for item in items:
        value = _decode(bytes(item)).get(reference.attribute)
        text = value.get("S") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(text, str):
            found[canonical_key(item, key_names)] = named_key(reference, text)
    return found


def named_key(reference: Reference, text: str) -> Key:
    """The key that a text names."""
    key = {name: {"S": form.replace("{}", text)} for name, form in reference.key.items()}
    return canonical_key(json.dumps(key).encode(), tuple(reference.key))


def count_broken(named: Mapping[Key, Key], in_target: Collection[Key], in_source: Collection[Key]) -> ReferenceCounts:
    """The counts, of items that name a key, by the keys that exist on both sides."""
    missing = [key for key in named.values() if key not in in_target]
    dangling = sum(key not in in_source for key in missing)
    return ReferenceCounts(broken=len(missing) - dangling, dangling=dangling)
