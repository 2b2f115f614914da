"""Delete every item of a table, and keep the table."""

from collections import deque
from collections.abc import Sequence
from functools import partial
from threading import Event
from typing import Any, Final

from tee_infra.core.backoff import Backoff
from tee_infra.core.codec.digest import canonical_and_key
from tee_infra.core.codec.raw_items import BATCH_ITEMS, RawItem, UnexpectedReplyError, parse_unprocessed, write_body
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.data.request_loop import Requests
from tee_infra.workflows.data.table_io import TableAccess, scan_pages
from tee_infra.workflows.data.workers import run_all

_SEGMENTS: Final = 8
_THREADS: Final = 4


def empty_table(side: TableAccess, progress: Progress) -> int:
    """Delete every item that a strongly consistent scan finds; the number of deleted ones.

    A second run deletes what an interrupted one has left. Items that are written meanwhile may stay. Raises as
    `scan_pages` does.
    """
    names = side.table.key_names
    only_keys: dict[str, Any] = {
        "ConsistentRead": True,
        "ProjectionExpression": ", ".join(f"#k{number}" for number in range(len(names))),
        "ExpressionAttributeNames": {f"#k{number}": name for number, name in enumerate(names)},
    }

    def delete(segment: int, stop: Event) -> int:
        deleted = 0
        with side.requests(stop, Backoff()) as requests:
            for page in scan_pages(requests, side.table.name, segment, _SEGMENTS, only_keys):
                delete_keys(requests, page.items)
                deleted += len(page.items)
                progress(side.table.name, len(page.items))
        return deleted

    return sum(run_all(range(_SEGMENTS), delete, _THREADS))


def delete_keys(requests: Requests, keys: Sequence[RawItem]) -> None:
    """Delete the items with these raw keys; returns when each deletion is acknowledged."""
    table, pending = requests.table.name, deque(keys)
    while pending:
        batch = [pending.popleft() for _ in range(min(BATCH_ITEMS, len(pending)))]
        units = float(len(batch))
        left, consumed = requests.call(
            "BatchWriteItem", write_body(table, (), batch), partial(_left, requests, batch), units
        )
        requests.pace.settle(units, consumed or units - len(left), float(len(left)))
        requests.tally.units += consumed
        pending.extend(left)
        if len(left) == len(batch):
            requests.rest("BatchWriteItem")


def _left(requests: Requests, sent: Sequence[RawItem], body: bytes) -> tuple[list[RawItem], float]:
    """The keys of `sent` that the reply returns as unprocessed. Raises `UnexpectedReplyError` for any others."""
    names = requests.table.key_names
    items, keys, units = parse_unprocessed(body, requests.table.name)
    known = {canonical_and_key(key, names)[1]: key for key in sent}
    left = {canonical_and_key(key, names)[1] for key in keys}
    if items or not left <= known.keys():
        raise UnexpectedReplyError("one of its unprocessed requests was not sent")
    return [known[key] for key in left], units
