"""The fast way gives what the general way gives, or leaves the item to it."""

import json
import random
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tee_infra.core.codec.anonymizer import Anonymizer, UnclassifiedError
from tee_infra.core.codec.pseudonyms import Pseudonyms, derive_key
from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.item_shapes import NOT_PERSONAL, Form, ItemShape, Personal

PSEUDONYMS = Pseudonyms(derive_key("an example key that is long enough"))


class OddRecord(ItemShape):
    """Names that Python does not take, and a declaration of each kind."""

    pk: Annotated[str, Personal.IDENTIFIER, Form("MEMBER#.+")]
    sk: Annotated[str, NOT_PERSONAL, Form("[A-Z]*")]
    first: Annotated[str, Personal.NAME, Field(alias="first-name")]
    born: Annotated[int, Personal.DATE]
    since: Annotated[str, Personal.DATE]
    phone: Annotated[int, Personal.PHONE]
    age: Annotated[int, NOT_PERSONAL]
    active: Annotated[bool, NOT_PERSONAL]
    scores: Annotated[list[int], NOT_PERSONAL]
    badges: Annotated[set[int], NOT_PERSONAL]


ODD = Table(name="odd", app_name="odd", item=OddRecord)
VALUES: list[dict[str, Any]] = [
    *(
        {"S": text}
        for text in ("", "MEMBER#m-1", "ABC", 'Zo\u00eb "x" \U0001f600', "2024-02-29", "2024-02-29T10:00Z", "x")
    ),
    *({"N": text} for text in ("1", "1700000000", "4915112345678", "0.10", "-0", "1E40", "nonsense")),
    *({"BOOL": True}, {"NULL": True}, {"M": {"a": {"N": "1"}}}, {"M": {}}, {"M": {"a@b.c": {"S": "x"}}}),
    *({"NS": ["1", "1.0"]}, {"SS": ["x"]}, {"L": [{"S": "x"}]}, {"B": "AA=="}, {"S": "x", "N": "1"}, {}, {"X": "1"}),
    *({"S": 1}, {"S": None}, {"BOOL": "true"}, {"N": 1}),
]
NAMES = ["pk", "sk", "first-name", "born", "since", "phone", "age", "active", "scores", "badges", "unknown"]


def both(table: Table, item: bytes) -> list[tuple[Any, Any]]:
    """The item and the counts of each way, or the error."""
    found = []
    for general in (False, True):
        anonymizer = Anonymizer(table, PSEUDONYMS)
        assert anonymizer._declared is not None
        if general:
            anonymizer._declared = None
        try:
            (made,) = anonymizer([item])
            found.append((json.loads(made), anonymizer.report()))
        except (UnclassifiedError, msgspec.DecodeError, ValueError, KeyError) as error:
            found.append((type(error), str(error)))
    return found


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=6), st.booleans())
def test_both_ways_agree_on_any_item(item: dict[str, Any], whole: bool) -> None:
    usual = {"pk": {"S": "MEMBER#m-1"}, "since": {"S": "2024-02-29"}, "age": {"N": "7"}} if whole else {}
    one, other = both(ODD, json.dumps(usual | item).encode())
    assert one == other


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_both_ways_agree_on_the_catalogs_items(table: Table) -> None:
    shuffled = random.Random(5)
    for raw in SyntheticData(3).items(table.name, range(40)):
        fields = list(json.loads(raw).items())
        shuffled.shuffle(fields)
        one, other = both(table, json.dumps(dict(fields)).encode())
        assert one == other


def test_the_usual_item_takes_the_fast_way() -> None:
    for table in TABLES:
        anonymizer = Anonymizer(table, PSEUDONYMS)
        declared = anonymizer._declared
        assert declared is not None
        items = list(SyntheticData(3).items(table.name, range(20)))
        assert sum(declared.anonymized(item) is not None for item in items) >= len(items) / 2


def test_a_table_with_several_types_for_one_attribute_has_only_the_general_way() -> None:
    class Mixed(ItemShape):
        pk: Annotated[str, NOT_PERSONAL, Form("[a-z]+")]
        sk: Annotated[str, NOT_PERSONAL, Form("[a-z]+")]
        either: Annotated[str | int, NOT_PERSONAL, Form("[a-z]+")]

    assert Anonymizer(Table(name="mixed", app_name="mixed", item=Mixed), PSEUDONYMS)._declared is None
