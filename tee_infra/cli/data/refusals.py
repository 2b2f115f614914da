"""Items that a target refused, in JSON and as text."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tee_infra.cli.results import ResultModel
from tee_infra.core.codec.refusals import RefusedItem, RefusedItemsError


class RefusedItemFacts(ResultModel):
    """An item that the target does not take: its key as DynamoDB's JSON, and DynamoDB's code and reason."""

    key: dict[str, Any]
    aws_code: str
    reason: str


def refused_facts(items: Iterable[RefusedItem]) -> list[RefusedItemFacts]:
    """All refused items, for JSON."""
    return [RefusedItemFacts(key=json.loads(item.key), aws_code=item.code, reason=item.reason) for item in items]


def require_none_refused(command: str, refused: Sequence[tuple[str, Sequence[RefusedItem]]]) -> None:
    """`refused` are the refused items of each table. Raises `RefusedItemsError`."""
    if any(items for _, items in refused):
        raise RefusedItemsError(command, refused)
