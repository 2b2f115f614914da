from typing import Annotated

import pytest
from pydantic import create_model

from tee_infra.core.tables.catalog import TABLES, Table
from tee_infra.core.tables.item_shapes import (
    NOT_PERSONAL,
    Form,
    ItemShape,
    Personal,
    ShapeError,
    classifications,
    key_tags,
)

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
        known: Annotated[str, NOT_PERSONAL, Form("x")]
        unknown: str

    with pytest.raises(ShapeError, match=r"Careless\.unknown: needs exactly one classification"):
        classifications(Careless)


def test_a_member_is_known_by_the_same_identifier_in_every_table() -> None:
    for table in TABLES:
        assert classifications(table.item)["memberId"] is Personal.IDENTIFIER
        assert classifications(table.item)["pk"] is Personal.IDENTIFIER


@pytest.mark.parametrize("annotation", [str, str | None, list[str], set[str], dict[str, int]])
def test_text_that_is_kept_needs_a_form(annotation: object) -> None:
    shape = create_model("Loose", __base__=ItemShape, known=(Annotated[annotation, NOT_PERSONAL], ...))
    with pytest.raises(ShapeError, match=r"Loose\.known: is text and not personal, so it needs a Form"):
        classifications(shape)


@pytest.mark.parametrize(
    ("pattern", "tags"),
    [
        ("PROFILE", set()),
        ("MEMBER#.+", {"MEMBER"}),
        (r"CLUB\#[a-z]+#MEMBER#.+", {"CLUB", "MEMBER"}),
        ("(INVOICE|credit-note)#[0-9]+", {"INVOICE", "credit-note"}),
        ("user#x|CLUB#y", {"user", "CLUB"}),
    ],
)
def test_the_tags_of_keys_come_from_their_forms(pattern: str, tags: set[str]) -> None:
    shape = create_model("Keyed", __base__=ItemShape, pk=(Annotated[str, NOT_PERSONAL, Form(pattern)], ...))
    assert key_tags([shape]) == tags


def test_the_tags_of_the_catalog() -> None:
    assert key_tags(table.item for table in TABLES) == {"MEMBER", "SCHEDULE", "SYNC"}
