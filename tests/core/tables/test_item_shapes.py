from typing import Annotated

import pytest

from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.item_shapes import NOT_PERSONAL, ItemShape, Personal, classifications

each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@each_table
def test_every_attribute_is_classified(table: Table) -> None:
    assert classifications(table.item).keys() == table.item.model_fields.keys()


@each_table
def test_every_key_and_the_ttl_are_in_the_shape(table: Table) -> None:
    needed = {key.name for key in table.key_attributes} | ({table.ttl_attribute} if table.ttl_attribute else set())
    assert needed <= table.item.model_fields.keys()


def test_an_attribute_that_nobody_looked_at_is_an_error() -> None:
    class Careless(ItemShape):
        known: Annotated[str, NOT_PERSONAL]
        unknown: str

    with pytest.raises(TypeError, match=r"Careless\.unknown needs exactly one classification"):
        classifications(Careless)


def test_a_member_is_known_by_the_same_identifier_in_every_table() -> None:
    for table in TABLES:
        assert classifications(table.item)["memberId"] is Personal.IDENTIFIER
        assert classifications(table.item)["pk"] is Personal.IDENTIFIER
