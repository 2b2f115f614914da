"""Entities: the member or object that an item belongs to, read from its composite keys (`MEMBER#<memberId>`).

Subsets and pseudonyms both use this module, so that they agree about the same member in every table.
"""

import re
from typing import Final

ENTITY_TAG: Final = "MEMBER#"
"""The tag before an entity's id in a key. The id is everything after it, and may contain `#`."""

_TAGS = re.compile(r"((?:^|(?<=#))(?:MEMBER|SCHEDULE|SYNC)#)")


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
