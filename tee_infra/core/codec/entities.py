"""Entities: the member or object that an item belongs to, read from its composite keys (`MEMBER#<memberId>`).

Subsets and pseudonyms both use this module, so that they agree about the same member in every table.
"""

import re
from collections.abc import Iterable
from typing import Final

from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.item_shapes import key_tags

ENTITY_TAG: Final = "MEMBER#"
"""The tag before an entity's id in a key. The id is everything after it, and may contain `#`."""


def tag_pattern(tags: Iterable[str]) -> re.Pattern[str]:
    """Matches any of the tags in a composite key."""
    longest_first = sorted(tags, key=lambda tag: (-len(tag), tag))
    return re.compile(rf"((?:^|(?<=#))(?:{'|'.join(map(re.escape, longest_first))})#)")


_TAGS: Final = tag_pattern(key_tags(table.item for table in TABLES))


def entity_of(key: str) -> str:
    """The id of the entity that a key or a reference names: `MEMBER#m-1` -> `m-1`, `m-1` -> `m-1`.

    A key without a tag is itself the entity's id.
    """
    if "#" not in key:
        return key
    parts = split_key(key)
    return parts[parts.index(ENTITY_TAG) + 1] if ENTITY_TAG in parts else key


def split_key(key: str) -> list[str]:
    """A composite key as alternating texts and tags, beginning and ending with a text: joined, they are the key.

    `SCHEDULE#s-1#MEMBER#m-1` -> `["", "SCHEDULE#", "s-1#", "MEMBER#", "m-1"]`, `m-1` -> `["m-1"]`. Only the
    tags of the catalog's shapes count: other text that looks like a tag may be part of an id.
    """
    return _TAGS.split(key)
