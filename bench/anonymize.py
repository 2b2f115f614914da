# ruff: noqa: N815  # attribute names are the items'
"""The anonymizer over the stub's items: three of thirteen attributes are personal."""

from typing import Annotated

from tee_infra.core.codec.anonymizer import Anonymizer
from tee_infra.core.codec.pseudonyms import Pseudonyms, derive_key
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.item_shapes import NOT_PERSONAL, ItemShape, Personal


class BenchRecord(ItemShape):
    """What `stub.make_item` makes."""

    pk: Annotated[str, NOT_PERSONAL]
    sk: Annotated[str, NOT_PERSONAL]
    memberId: Annotated[str, NOT_PERSONAL]
    name: Annotated[str, Personal.NAME]
    email: Annotated[str, Personal.EMAIL]
    phone: Annotated[str, Personal.PHONE]
    role: Annotated[str, NOT_PERSONAL]
    joinedOn: Annotated[str, NOT_PERSONAL]
    createdAt: Annotated[str, NOT_PERSONAL]
    updatedAt: Annotated[str, NOT_PERSONAL]
    level: Annotated[int, NOT_PERSONAL]
    balance: Annotated[float, NOT_PERSONAL]
    active: Annotated[bool, NOT_PERSONAL]


def three_attributes() -> Anonymizer:
    table = Table(name="bench", app_name="bench", item=BenchRecord)
    return Anonymizer(table, Pseudonyms(derive_key("the benchmark's key, which protects nothing")))
