"""Items that DynamoDB refuses: by key and reason, without the rest of the item."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from tee_infra.core.codec.raw_items import RawItem, attributes, join_attributes
from tee_infra.errors import PartialError

LISTED: Final = 20
"""The number of refused items that are listed for people; all are counted, and all are in the JSON."""
_KEY_CHARACTERS: Final = 400


class RefusedItem(NamedTuple):
    """One item: the JSON of its key (what it has of it), and the `code` and `reason` of DynamoDB or our own check."""

    key: str
    code: str
    reason: str

    @property
    def line(self) -> str:
        """For people, as differences are listed."""
        key = self.key if len(self.key) <= _KEY_CHARACTERS else f"{self.key[:_KEY_CHARACTERS]}…"
        return f"  refused {key}: {self.code}: {self.reason}"


def refused_item(item: RawItem, key_names: Sequence[str], code: str, reason: str) -> RefusedItem:
    """The refusal of `item`."""
    try:
        values = attributes(item)
        key = join_attributes({name: values[name] for name in key_names if name in values})
    except (msgspec.MsgspecError, UnicodeDecodeError):
        key = b"{}"
    return RefusedItem(key.decode(errors="replace"), code, reason)


def listed(refused: Sequence[RefusedItem]) -> list[str]:
    """One line for each of the first items, and one for the number of the others."""
    more = len(refused) - LISTED
    return [
        *(item.line for item in refused[:LISTED]),
        *([f"  and {more:,} more: --json lists all"] if more > 0 else []),
    ]


def counted(refused: Iterable[tuple[str, Sequence[RefusedItem]]]) -> str:
    """`12 items of dev-tee-admin, 1 item of dev-tee-schedules`."""
    return ", ".join(f"{len(items):,} item{'s' * (len(items) != 1)} of {table}" for table, items in refused if items)


class RefusedItemsError(PartialError):
    """The target took all but some items, which the result lists; `items` is their number."""

    def __init__(self, command: str, refused: Sequence[tuple[str, Sequence[RefusedItem]]]) -> None:
        self.items = sum(len(items) for _, items in refused)
        super().__init__(
            f"{command}: the target refused {counted(refused)}. All other items were written",
            next="Correct the listed items in the source, or the target's keys and indexes, then run the same command "
            "again",
        )
