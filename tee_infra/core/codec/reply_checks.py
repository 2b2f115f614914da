"""What a reply must have in common with its request. A reply that has not is no reply of DynamoDB.

A reply can be complete JSON with a matching checksum and still come from a proxy, an emulator or an older request.
Pages are checked by samples, because decoding every item would cost as much as the rest of a copy: the first, the
last and the shortest item must have the table's key.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from tee_infra.core.codec.digest import NotAnItemError, canonical, canonical_and_key
from tee_infra.core.codec.raw_items import FoundItems, Page, RawItem, UnexpectedReplyError, Unwritten

KeyTypes: TypeAlias = dict[str, str]
"""The key attributes of a table and their types: `{"pk": "S"}`."""

_key = msgspec.json.Decoder(dict[str, dict[str, str]])
_item = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])


@dataclass(slots=True)
class ScanCheck:
    """The pages of one segment, in order. `projected`: items need not have the whole key. `filtered`: some are left
    out.

    A scan goes through a segment once: a key that comes again would never end. Memory is constant, so a cycle of n
    keys is found after at most 3n pages (Brent's algorithm); the usual one, the same key again, at once.
    """

    keys: KeyTypes
    filtered: bool = False
    projected: bool = False
    _seen: bytes = b""
    _pages: int = 0
    _next: int = 1

    def check(self, page: Page, start: bytes) -> Page:
        """`page` itself, the reply to a request from the raw key `start`. Raises `UnexpectedReplyError`."""
        if not self.filtered and page.scanned != len(page.items):
            raise UnexpectedReplyError(
                f"it scanned {page.scanned:,} items without a filter, but has {len(page.items):,}"
            )
        if page.items and not self.projected:
            for item in {0: page.items[0], 1: page.items[-1], 2: min(page.items, key=len)}.values():
                check_item(item, self.keys)
        if page.last_key:
            self._check_last_key(page.last_key, start)
        return page

    def _check_last_key(self, last_key: bytes, start: bytes) -> None:
        check_key(last_key, self.keys, "its LastEvaluatedKey")
        last = canonical(last_key)
        if last == self._seen or (start and last == canonical(start)):
            raise UnexpectedReplyError("its LastEvaluatedKey is one of an earlier page")
        self._pages += 1
        if self._pages == self._next:
            self._seen, self._next = last, 2 * self._next


def check_key(key: RawItem, types: KeyTypes, what: str) -> None:
    """Refuse a raw key that has not exactly these attributes. Raises `UnexpectedReplyError`."""
    try:
        found = {name: next(iter(value), "") for name, value in _key.decode(key).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnexpectedReplyError(f"{what} is not a key") from None
    if found != types:
        raise UnexpectedReplyError(f"{what} has {_shown(found)} instead of the table's key {_shown(types)}")


def check_item(item: RawItem, types: KeyTypes) -> None:
    """Refuse an item without the table's key. Raises `UnexpectedReplyError`."""
    try:
        attributes = _item.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnexpectedReplyError("one of its items is not an item") from None
    for name, kind in types.items():
        if list(attributes.get(name, ())) != [kind]:
            raise UnexpectedReplyError(f"one of its items has not the table's key {_shown(types)}")


def check_unwritten(sent: Sequence[RawItem], reply: Unwritten) -> list[RawItem]:
    """The items of `sent` that the reply returns as unprocessed, in the bytes that were sent.

    Raises `UnexpectedReplyError` for any other item.
    """
    if not reply.items:
        return []
    waiting: dict[bytes, list[RawItem]] = {}
    for item in sent:
        waiting.setdefault(canonical(item), []).append(item)
    found: list[RawItem] = []
    for item in reply.items:
        same = waiting.get(_canonical(item, "one of its unprocessed items"))
        if not same:
            raise UnexpectedReplyError("one of its unprocessed items was not sent")
        found.append(same.pop())
    return found


def check_found(asked: Iterable[RawItem], reply: FoundItems, types: KeyTypes) -> list[RawItem]:
    """The keys of `asked` that the reply returns as unprocessed, in the bytes that were sent.

    Raises `UnexpectedReplyError` if it has a key that was not asked for, or a key twice.
    """
    names = list(types)
    keys = {canonical_and_key(key, names)[1]: key for key in asked}
    for item in reply.items:
        check_item(item, types)
    for key in reply.unprocessed_keys:
        check_key(key, types, "one of its unprocessed keys")
    left = [canonical_and_key(key, names)[1] for key in reply.unprocessed_keys]
    answered = Counter([canonical_and_key(item, names)[1] for item in reply.items] + left)
    if not answered.keys() <= keys.keys():
        raise UnexpectedReplyError("it has a key that was not asked for")
    if answered.total() > len(answered):
        raise UnexpectedReplyError("it has the same key twice")
    return [keys[key] for key in left]


def _canonical(item: RawItem, what: str) -> bytes:
    try:
        return canonical(item)
    except NotAnItemError:
        raise UnexpectedReplyError(f"{what} is not an item") from None


def _shown(types: KeyTypes) -> str:
    return ", ".join(f"{name[:40]} ({kind[:8]})" for name, kind in types.items()) or "no attribute"
