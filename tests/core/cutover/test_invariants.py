"""References between tables: who names whom, and which of these are broken, whatever the items hold."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tee_infra.core.codec.synthetic import SyntheticData
from tee_infra.core.cutover.invariants import ReferenceCounts, count_broken, named_key, named_keys
from tee_infra.core.cutover.run import canonical_key
from tee_infra.core.tables.catalog import TABLES
from tee_infra.core.tables.catalog_rules import CatalogError
from tee_infra.core.tables.references import REFERENCES, Reference, check_references

REFERENCE, KEY_NAMES = REFERENCES[0], ("pk", "sk")
IDS = st.text(min_size=1, max_size=8)


def item(number: int, **more: Any) -> bytes:
    return json.dumps({"pk": {"S": f"MEMBER#{number}"}, "sk": {"S": "SCHEDULE#1"}, **more}).encode()


@settings(max_examples=60)
@given(st.lists(IDS, max_size=8), st.sets(IDS), st.sets(IDS))
def test_each_item_counts_once_by_where_the_item_that_it_names_exists(
    ids: list[str], in_target: set[str], in_source: set[str]
) -> None:
    named = named_keys(REFERENCE, [item(n, memberId={"S": each}) for n, each in enumerate(ids)], KEY_NAMES)
    keys = {each: named_key(REFERENCE, each) for each in {*ids, *in_target, *in_source}}
    assert len(set(keys.values())) == len(keys)
    counts = count_broken(named, {keys[each] for each in in_target}, {keys[each] for each in in_source})
    assert counts == ReferenceCounts(
        broken=sum(each not in in_target and each in in_source for each in ids),
        dangling=sum(each not in in_target and each not in in_source for each in ids),
    )


@pytest.mark.parametrize("value", [None, {"N": "1"}, {"NULL": True}, {"SS": ["a"]}, {"L": []}])
def test_an_item_without_a_text_in_the_attribute_names_none(value: Any) -> None:
    assert named_keys(REFERENCE, [item(1) if value is None else item(1, memberId=value)], KEY_NAMES) == {}


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
def test_synthetic_items_keep_each_reference(reference: Reference) -> None:
    made = SyntheticData(1)
    targets = {canonical_key(each, KEY_NAMES) for each in made.items(reference.target, range(5))}
    named = named_keys(reference, made.items(reference.table, range(5)), KEY_NAMES)
    assert named
    assert set(named.values()) <= targets


@pytest.mark.parametrize(
    "wrong",
    [
        replace(REFERENCE, table="tee-nothing"),
        replace(REFERENCE, target="tee-nothing"),
        replace(REFERENCE, attribute="nobody"),
        replace(REFERENCE, key={"pk": "MEMBER#{}"}),
        replace(REFERENCE, key={"sk": "PROFILE", "pk": "MEMBER#{}"}),
    ],
)
def test_a_reference_that_names_nothing_is_refused(wrong: Reference) -> None:
    check_references([REFERENCE], TABLES)
    with pytest.raises(CatalogError):
        check_references([wrong], TABLES)
