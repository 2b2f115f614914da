"""Which items DynamoDB's TTL may delete at any time, or has deleted on one side only."""

from typing import Final

import msgspec

from tee_infra.core.codec.raw_items import RawItem

_LONGEST_PAST_SECONDS: Final = 5 * 365 * 86400
"""Items that expired more than five years ago are not deleted. Source: "Using time to live", DynamoDB's guide."""

_values = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_number = msgspec.json.Decoder(dict[str, str]).decode


def is_expired(item: RawItem, attribute: str | None, now: float) -> bool:
    """Whether the item's TTL `attribute` is a number of seconds since 1970 before `now`, at most five years ago.

    False without an attribute, and for any other value: such an item never expires.
    """
    if attribute is None or (raw := _values(bytes(item)).get(attribute)) is None:
        return False
    try:
        seconds = float(_number(bytes(raw))["N"])
    except (msgspec.DecodeError, KeyError, ValueError):
        return False
    return now - _LONGEST_PAST_SECONDS <= seconds < now
