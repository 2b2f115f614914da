"""For the tests of an app: properties of its transform of a migration, on many made items.

from tee_infra.testing import check_transform

def test_to_v2():
    check_transform(to_v2)
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

from tee_infra.core.codec.digest import canonical
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.cutover.run import ItemRefusedError
from tee_infra.core.tables.catalog import TABLES
from tee_infra.errors import RefusedError
from tee_infra.workflows.cutover.transform import LoadedTransform

Item = dict[str, Any]
_MEMBERS: Final = 30
_ADDED: Final[tuple[Item, ...]] = (
    {"S": ""}, {"N": "-1e-130"}, {"N": "9.9999999999999999999999999999999999999E+125"}, {"B": "AA=="}, {"BOOL": False},
    {"NULL": True}, {"L": []}, {"M": {}}, {"SS": ["", "ü"]}, {"L": [{"M": {"a": {"NS": ["1", "2.50"]}}}]},
)  # fmt: skip


def check_transform(
    function: Callable[[str, Item], Item], items: Mapping[str, Iterable[Item]] | None = None, *, seed: int = 42
) -> None:
    """Check that `function(table, item)` takes every item, is pure, keeps keys, and that its `inverse` is one.

    `items`: table of the catalog -> items as DynamoDB's JSON (`{"pk": {"S": "…"}}`), instead of `made_items`.
    Raises `AssertionError`, which names the item.
    """
    transform = LoadedTransform(
        name=getattr(function, "__name__", repr(function)),
        function=function,
        inverse=getattr(function, "inverse", None),
    )
    found = [(table, item) for table, each in (items or made_items(seed)).items() for item in each]
    first = [_result(transform, table, item) for table, item in found]
    for (table, item), before in zip(reversed(found), reversed(first), strict=True):
        if _result(transform, table, item) != before:  # in another order, which a counter would show
            raise AssertionError(f"{_what(transform, table, item)}: it is not pure: it has two results")


def made_items(seed: int = 42) -> dict[str, Iterable[Item]]:
    """Synthetic items of each table of the catalog, some without an attribute, some with one of any type added."""
    return {table.name: list(_varied(table.name, seed)) for table in TABLES}


def _varied(table: str, seed: int) -> Iterator[Item]:
    random = Random(f"{table}/{seed}")  # noqa: S311  # nothing is secret here
    for raw in SyntheticData(seed).items(table, range(_MEMBERS)):
        item: Item = json.loads(raw)
        yield item
        others = sorted(item.keys() - {"pk", "sk"})
        if others:
            left_out = random.choice(others)
            yield {name: value for name, value in item.items() if name != left_out}
        yield item | {random.choice(("added", "ä", "a.b", "a-b")): random.choice(_ADDED)}


def _result(transform: LoadedTransform, table: str, item: Item) -> bytes:
    raw = json.dumps(item).encode()
    try:
        result = canonical(transform(table, raw))
        transform.check(table, [raw], _key_names(table))
    except ItemRefusedError as error:
        raise AssertionError(f"{_what(transform, table, item)}: {error}") from error
    except RefusedError as error:
        raise AssertionError(f"{_what(transform, table, item)}: {error.message}") from None
    return result


def _key_names(name: str) -> list[str]:
    table = next(table for table in TABLES if table.name == name)
    return [key.name for key in (table.partition_key, table.sort_key) if key is not None]


def _what(transform: LoadedTransform, table: str, item: Item) -> str:
    return f"{transform.name}, an item of {table}, {json.dumps(item)}"
