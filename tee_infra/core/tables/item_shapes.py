"""The shape of the items in each table, with every attribute classified as personal or not.

An attribute without a classification is an error (`tests/core/tables/test_item_shapes.py`): anonymized copies
fail closed on unclassified attributes.
"""

from enum import Enum, StrEnum, auto
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict


class Personal(StrEnum):
    """The kind of an attribute's personal data, which decides on its stand-in in a copy."""

    IDENTIFIER = auto()
    """Identifies a member: the same pseudonym in every table, also inside composite keys."""
    NAME = auto()
    EMAIL = auto()
    PHONE = auto()
    DATE = auto()
    """A date about a member: shifted by one offset per member."""
    FREE_TEXT = auto()
    """Text of any content."""


class NotPersonal(Enum):
    """The other classification: safe to copy unchanged."""

    NOT_PERSONAL = auto()


NOT_PERSONAL = NotPersonal.NOT_PERSONAL
Classification = Personal | NotPersonal


class ItemShape(BaseModel):
    """Base of the item shapes. Attribute names are the app's, as stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AdminItem(ItemShape):
    """`tee-admin`: a member or an administrator. pk `MEMBER#<memberId>`, sk `PROFILE`."""

    pk: Annotated[str, Personal.IDENTIFIER]
    sk: Annotated[str, NOT_PERSONAL]
    memberId: Annotated[str, Personal.IDENTIFIER]
    name: Annotated[str, Personal.NAME]
    email: Annotated[str, Personal.EMAIL]
    phone: Annotated[str | None, Personal.PHONE] = None
    role: Annotated[Literal["member", "admin"], NOT_PERSONAL]
    joinedOn: Annotated[str, Personal.DATE]
    notes: Annotated[str | None, Personal.FREE_TEXT] = None
    createdAt: Annotated[str, NOT_PERSONAL]
    updatedAt: Annotated[str, NOT_PERSONAL]


class ScheduleItem(ItemShape):
    """`tee-schedules`: one booking. pk `MEMBER#<memberId>`, sk `SCHEDULE#<scheduleId>`."""

    pk: Annotated[str, Personal.IDENTIFIER]
    sk: Annotated[str, NOT_PERSONAL]
    scheduleId: Annotated[str, NOT_PERSONAL]
    memberId: Annotated[str, Personal.IDENTIFIER]
    date: Annotated[str, NOT_PERSONAL]
    startTime: Annotated[str, NOT_PERSONAL]
    status: Annotated[Literal["booked", "confirmed", "cancelled", "played"], NOT_PERSONAL]
    location: Annotated[str, NOT_PERSONAL]
    comment: Annotated[str | None, Personal.FREE_TEXT] = None
    expiresAt: Annotated[int, NOT_PERSONAL]


class SyncStatusItem(ItemShape):
    """`tee-sync-status`: the synchronization of a member's data. pk `MEMBER#<memberId>`, sk `SYNC#<provider>`."""

    pk: Annotated[str, Personal.IDENTIFIER]
    sk: Annotated[str, NOT_PERSONAL]
    memberId: Annotated[str, Personal.IDENTIFIER]
    provider: Annotated[str, NOT_PERSONAL]
    state: Annotated[Literal["pending", "running", "done", "failed"], NOT_PERSONAL]
    attempts: Annotated[int, NOT_PERSONAL]
    lastError: Annotated[str | None, Personal.FREE_TEXT] = None
    updatedAt: Annotated[str, NOT_PERSONAL]
    expiresAt: Annotated[int, NOT_PERSONAL]


def classifications(shape: type[BaseModel]) -> dict[str, Classification]:
    """Attribute -> classification. Raises `TypeError` for an unclassified attribute."""
    found: dict[str, Classification] = {}
    for attribute, field in shape.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, get_args(Classification))]
        if len(marks) != 1:
            raise TypeError(f"{shape.__name__}.{attribute} needs exactly one classification, has {marks}")
        found[attribute] = marks[0]
    return found
