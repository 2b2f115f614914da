"""Items whose time to live has passed are deleted, with the record by which a consumer tells them from other deletes.

DynamoDB does so within a few days; here it happens when the clock is moved. Source: "Using time to live" and "DynamoDB
Streams and Time to Live" in DynamoDB's guide: an attribute of type number, seconds since 1970, at most five years ago.
"""

from collections.abc import Iterable
from typing import Any, Final

from tee_infra.local import item_json, stream_shards

BY_DYNAMODB: Final = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
_OLDEST_SECONDS: Final = 5 * 365 * 86_400


def expire(tables: Iterable[Any], now: float) -> int:
    """Delete the items of moto's `tables` that have expired at `now`. Return how many."""
    deleted = 0
    for table in tables:
        if table.ttl["TimeToLiveStatus"] == "ENABLED":
            expired = [item for item in table.all_items() if _has_expired(item, table.ttl["AttributeName"], now)]
            for item in expired:
                _delete(table, item)
            deleted += len(expired)
    return deleted


def _has_expired(item: Any, attribute: str, now: float) -> bool:
    raw = item.raw_json()
    if attribute.encode() not in raw and attribute.isascii():
        return False
    number = item_json.decode(raw).get(attribute, {}).get("N")
    try:
        return number is not None and now - _OLDEST_SECONDS < float(number) <= now
    except ValueError:
        return False


def _delete(table: Any, item: Any) -> None:
    first, table.stream_shard = table.stream_shard, None
    try:
        table.delete_item(item.hash_key, item.range_key)
    finally:
        table.stream_shard = first
    if first is not None:
        stream_shards.add(first, item, None, by=BY_DYNAMODB)
