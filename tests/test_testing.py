"""`check_transform` finds each fault that a transform of a migration may have, and no fault in a good one."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tee_infra.testing import check_transform, made_items

Item = dict[str, Any]


def keep(_table: str, item: Item) -> Item:
    return item


def add(_table: str, item: Item) -> Item:
    return item | {"version": {"N": "2"}}


def take_away(_table: str, item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "version"}


def both_ways(_table: str, item: Item) -> Item:
    return add(_table, item)


def change_key(_table: str, item: Item) -> Item:
    return item | {"pk": {"S": f"v2#{item['pk']['S']}"}}


def merge_keys(_table: str, item: Item) -> Item:
    return item | {"sk": {"S": "one"}}


counter = itertools.count()


def count(_table: str, item: Item) -> Item:
    return item | {"n": {"N": str(next(counter))}}


def need(_table: str, item: Item) -> Item:
    return item | {"name": item["name"]}


def no_item(_table: str, _item: Item) -> Any:
    return {"pk": "text"}


def lossy(_table: str, item: Item) -> Item:
    return {name: item[name] for name in ("pk", "sk")}


both_ways.inverse = take_away  # pyright: ignore
lossy.inverse = keep  # pyright: ignore


@pytest.mark.parametrize("transform", [keep, add, both_ways, lambda _table, item: dict(reversed(item.items()))])
def test_a_good_transform_has_no_fault(transform: Callable[[str, Item], Item]) -> None:
    check_transform(transform)


@pytest.mark.parametrize(
    ("transform", "fault"),
    [
        (change_key, "changes the key"),
        (merge_keys, "changes the key"),
        (count, "not pure"),
        (need, "the transform failed: KeyError"),
        (no_item, "changes the key"),
        (lossy, "its inverse does not give"),
    ],
)
def test_each_fault_is_found(transform: Callable[[str, Item], Item], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_transform(transform)


def test_items_of_ones_own_are_taken_instead() -> None:
    own = {"tee-admin": [{"pk": {"S": "a"}, "sk": {"S": "b"}, "name": {"S": "c"}}]}
    check_transform(need, own)
    with pytest.raises(AssertionError, match="KeyError"):
        check_transform(need, {"tee-admin": [{"pk": {"S": "a"}, "sk": {"S": "b"}}]})


def test_the_same_seed_makes_the_same_items() -> None:
    assert made_items(1) == made_items(1) != made_items(2)
