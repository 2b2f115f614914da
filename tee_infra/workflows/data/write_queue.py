"""The items of one write: in batches within DynamoDB's limits, halved where DynamoDB refuses one."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from tee_infra.core.codec.item_size import ITEM_BYTES, excess
from tee_infra.core.codec.raw_items import BATCH_BYTES, BATCH_ITEMS, RawItem
from tee_infra.core.codec.refusals import RefusedItem, refused_item

_COMPACT: Final = 4096
_HOPELESS: Final = 1000
"""When the first items are all refused, the table or the request is wrong rather than the items."""


class Refused(NamedTuple):
    """An item that DynamoDB refuses, and its reason."""

    item: RawItem
    code: str
    reason: str

    def named(self, key_names: Sequence[str]) -> RefusedItem:
        """It by its key."""
        return refused_item(self.item, key_names, self.code, self.reason)


class WriteQueue:
    """Items in batches within both limits of BatchWriteItem, 25 items and 16 MB.

    `refused` has the items that will not be sent again; `accepted` says whether a request was acknowledged.
    """

    def __init__(self, items: Sequence[RawItem]) -> None:
        self.refused: list[Refused] = []
        self.accepted = False
        self._items = list(items)
        self._at = 0
        self._halves: deque[list[RawItem]] = deque()
        self._halved = 0
        largest = max(map(len, self._items), default=0)
        self._small = largest * BATCH_ITEMS <= BATCH_BYTES
        if largest > ITEM_BYTES:
            self._items = [item for item in self._items if not self._is_too_large(item)]

    def __len__(self) -> int:
        return len(self._items) - self._at + self._halved

    def take(self) -> list[RawItem]:
        """The next batch."""
        if self._halved:
            batch = self._halves.popleft()
            self._halved -= len(batch)
            return batch
        if self._at >= _COMPACT:
            del self._items[: self._at]
            self._at = 0
        batch = self._items[self._at : self._at + BATCH_ITEMS]
        while not self._small and len(batch) > 1 and sum(map(len, batch)) > BATCH_BYTES:
            batch.pop()
        self._at += len(batch)
        return batch

    def again(self, items: Sequence[RawItem]) -> None:
        """Items that were not written."""
        self._items.extend(items)

    def refuse(self, batch: Sequence[RawItem], code: str, reason: str) -> None:
        """DynamoDB refused a batch without saying for which item."""
        if len(batch) == 1:
            self.refused.append(Refused(batch[0], code, reason))
            return
        middle = len(batch) // 2
        self._halves.extend((list(batch[:middle]), list(batch[middle:])))
        self._halved += len(batch)

    @property
    def only_refuses(self) -> bool:
        """Whether many items were refused and none was accepted."""
        return not self.accepted and len(self.refused) >= _HOPELESS

    def _is_too_large(self, item: RawItem) -> bool:
        try:
            reason = excess(item)
        except (AttributeError, TypeError, ValueError, msgspec.MsgspecError):
            reason = None  # not an item: DynamoDB says why
        if reason is not None:
            self.refused.append(Refused(item, "ValidationException", reason))
        return reason is not None
