"""A server that lies or refuses: nothing is lost silently, and the message says where."""

import json
from pathlib import Path
from typing import Any

import pytest

from tee_infra.workflows.data.copy_table import CopyIncompleteError, CopyResult
from tests.faults.client import copy, item, side
from tests.faults.memory import MemoryDynamoDb, key_of
from tests.faults.proxy import serve_faults

ITEMS = 60


class Liar(MemoryDynamoDb):
    """Its replies to Scan are changed by `lie`, and it refuses the items in `refused`."""

    def __init__(self, lie: Any = lambda reply: reply, refused: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self.lie, self.refused = lie, {key_of(item(number)) for number in refused}
        self.tables["source"] = {key_of(item(number)): item(number) for number in range(ITEMS)}

    def scan(self, request: dict[str, Any]) -> Any:
        reply = super().scan(request)
        return self.lie(reply) if request["TableName"] == "source" else reply

    def write(self, requests: dict[str, Any]) -> tuple[int, bytes]:
        puts = next(iter(requests.values()))
        if any(key_of(put["PutRequest"]["Item"]) in self.refused for put in puts):
            refusal = {"__type": "x#ValidationException", "message": "Type mismatch for Index Key date"}
            return 400, json.dumps(refusal).encode()
        return super().write(requests)


def run(liar: Liar, folder: Path) -> CopyResult:
    with serve_faults(liar, 0, rate=0.0, silence=0.06) as (url, _):
        return copy(side(url, "source", 5.0), side(url, "target", 5.0), folder / "checkpoint")


def less_an_item(reply: dict[str, Any]) -> dict[str, Any]:
    return {**reply, "Items": reply["Items"][:-1]} if reply["Items"] else {**reply, "Count": 1}


LIES = {
    "nothing": lambda _: {},
    "no items": lambda reply: {name: value for name, value in reply.items() if name != "Items"},
    "no count": lambda reply: {name: value for name, value in reply.items() if name != "Count"},
    "a page less an item": less_an_item,
    "another count": lambda reply: {**reply, "Count": reply["Count"] + 1},
    "items of null": lambda reply: {**reply, "Items": None},
    "items without a key": lambda reply: {**reply, "Items": [{"n": {"N": "1"}}] * reply["Count"]},
    "filtered out": lambda reply: {**reply, "ScannedCount": reply["Count"] + 1},
    "the end is null": lambda reply: {**reply, "LastEvaluatedKey": None},
    "the end is empty": lambda reply: {**reply, "LastEvaluatedKey": {}},
    "the end is text": lambda reply: {**reply, "LastEvaluatedKey": "more"},
    "the end lacks the sort key": lambda reply: {**reply, "LastEvaluatedKey": {"pk": {"S": "x"}}},
    "the end has too much": lambda reply: {**reply, "LastEvaluatedKey": item(1)},
    "the end never comes": lambda reply: {**reply, "LastEvaluatedKey": {"pk": {"S": "x"}, "sk": {"S": "y"}}},
    "a list": lambda _: [],
    "null": lambda _: None,
}


@pytest.mark.parametrize("lie", LIES)
def test_a_page_that_is_not_dynamodbs_ends_the_copy_and_names_table_and_segment(lie: str, tmp_path: Path) -> None:
    with pytest.raises(CopyIncompleteError, match=r"Scan on source \(segment \d of 8\) at http://127\.0\.0\.1:\d+: "):
        run(Liar(LIES[lie]), tmp_path)


@pytest.mark.parametrize("refused", [{0}, {7, 8, 9}, {1, 30, 59}, set(range(0, ITEMS, 2))])
def test_items_that_the_target_refuses_are_named_and_the_rest_is_written(refused: set[int], tmp_path: Path) -> None:
    liar = Liar(refused=frozenset(refused))
    result = run(liar, tmp_path)
    assert set(liar.tables["source"]) - set(liar.tables["target"]) == liar.refused
    assert {(entry["pk"]["S"], entry["sk"]["S"]) for entry in (json.loads(one.key) for one in result.refused)} == (
        liar.refused
    )
    assert {(one.code, one.reason) for one in result.refused} == {
        ("ValidationException", "Type mismatch for Index Key date")
    }
    assert not result.validated
