"""Sentinels: items of a heartbeat, which the source has for a moment and the target never.

The partition key tells what they are, so that nothing copies or compares them, whichever run wrote them. It has the
run's name and a number too: the next run deletes those that a crash left behind, without a search.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.requests import Key

PREFIX: Final = "tee-infra:heartbeat#"
LIFETIME_SECONDS: Final = 3600
"""TTL deletes a sentinel that a crash left behind in a table with TTL, should no run follow."""
_MARK: Final = b"heartbeat#"
_SORT_KEYS: Final[Mapping[str, Any]] = {"S": "heartbeat", "N": "0", "B": base64.b64encode(b"heartbeat").decode()}

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_value = msgspec.json.Decoder(dict[str, Any]).decode


def sentinel_key(token: str, key_types: Mapping[str, str]) -> Key:
    """The key of a token's sentinel. `key_types`: key attribute -> type, the partition key first, a text."""
    (partition, _), *sort = key_types.items()
    values = {partition: {"S": PREFIX + token}} | {name: {kind: _SORT_KEYS[kind]} for name, kind in sort}
    return json.dumps(values, separators=(",", ":"), sort_keys=True).encode()


def sentinel_item(token: str, key_types: Mapping[str, str], ttl_attribute: str | None, now: float) -> bytes:
    """The item of a token; `now` in seconds since 1970."""
    values = json.loads(sentinel_key(token, key_types))
    if ttl_attribute is not None:
        values[ttl_attribute] = {"N": str(int(now) + LIFETIME_SECONDS)}
    return json.dumps(values).encode()


def token_of(item: RawItem, partition: str) -> str | None:
    """The token of a sentinel, by its item or its key; None for an item of the application."""
    if _MARK not in bytes(item):
        return None
    found = _keys(item).get(partition)
    text = _value(found).get("S") if found is not None else None
    return text.removeprefix(PREFIX) if isinstance(text, str) and text.startswith(PREFIX) else None


def without_sentinels(items: Iterable[RawItem], partition: str) -> tuple[RawItem, ...]:
    """The items of the application."""
    return tuple(item for item in items if token_of(item, partition) is None)


def leftover_tokens(reserved: Mapping[str, int]) -> Sequence[str]:
    """Every token that runs of these names may have written, up to the number that each had reserved."""
    return [f"{name}/{number}" for name, upto in reserved.items() for number in range(1, upto + 1)]
