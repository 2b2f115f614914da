# ruff: noqa: N815  # attribute names are the items'
"""The anonymizer over the stub's items: three of thirteen attributes are personal."""

from typing import Annotated

from tee_infra.core.codec.anonymizer import Anonymizer
from tee_infra.core.codec.pseudonyms import Pseudonyms, derive_key
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.item_shapes import MEMBER, MOMENT, NOT_PERSONAL, Form, ItemShape, Personal


class BenchRecord(ItemShape):
    """What `stub.make_item` makes."""

    pk: Annotated[str, NOT_PERSONAL, Form(MEMBER)]
    sk: Annotated[str, NOT_PERSONAL, Form("PROFILE")]
    memberId: Annotated[str, NOT_PERSONAL, Form("[0-9]+")]
    name: Annotated[str, Personal.NAME]
    email: Annotated[str, Personal.EMAIL]
    phone: Annotated[str, Personal.PHONE]
    role: Annotated[str, NOT_PERSONAL, Form("member")]
    joinedOn: Annotated[str, NOT_PERSONAL, Form("[0-9T-]+")]
    createdAt: Annotated[str, NOT_PERSONAL, Form(MOMENT)]
    updatedAt: Annotated[str, NOT_PERSONAL, Form(MOMENT)]
    level: Annotated[int, NOT_PERSONAL]
    balance: Annotated[float, NOT_PERSONAL]
    active: Annotated[bool, NOT_PERSONAL]


def three_attributes() -> Anonymizer:
    table = Table(name="bench", app_name="bench", item=BenchRecord)
    return Anonymizer(table, Pseudonyms(derive_key("the benchmark's key, which protects nothing")))
