"""The shape of the items in each table, with every attribute classified as personal or not.

An attribute without a classification is an error (`tests/core/tables/test_item_shapes.py`): anonymized copies
fail closed on unclassified attributes. Text that is not personal needs a `Form`, so that a copy refuses what the
classification did not have in mind.
An attribute whose name is not a Python identifier is declared with an alias:
`first_name: Annotated[str, Personal.NAME, Field(alias="first-name")]`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from tee_infra.errors import UsageError


class Personal(StrEnum):
    """The kind of an attribute's personal data, which decides on its stand-in in a copy."""

    IDENTIFIER = auto()
    """Identifies a member: the same pseudonym in every table, also inside composite keys."""
    NAME = auto()
    EMAIL = auto()
    PHONE = auto()
    DATE = auto()
    """A date or time about a member, as ISO 8601 or as seconds or milliseconds since 1970.

    Moved back by one offset per member.
    """
    FREE_TEXT = auto()
    """Text of any content."""


class NotPersonal(Enum):
    """The other classification: safe to copy unchanged."""

    NOT_PERSONAL = auto()


NOT_PERSONAL = NotPersonal.NOT_PERSONAL
Classification = Personal | NotPersonal


@dataclass(frozen=True)
class Form:
    """The form of a text, as a regular expression that the whole text must match.

    In a composite key, a word before `#` is a tag, and the text after it is an id: `SCHEDULE#[0-9a-f]+`.
    """

    pattern: str


ID: Final = "[A-Za-z0-9_-]{1,64}"
DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK: Final = "[0-9]{2}:[0-9]{2}"
MOMENT: Final = rf"{DAY}T{CLOCK}(:[0-9]{{2}}(\.[0-9]{{1,9}})?)?(Z|[+-]{CLOCK})"
MEMBER: Final = "MEMBER#.+"
PROVIDER: Final = "[a-z][a-z0-9-]{0,31}"


class ItemShape(BaseModel):
    """Base of the item shapes. Attribute names are the app's, as stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AdminItem(ItemShape):
    """`tee-admin`: a member or an administrator. pk `MEMBER#<memberId>`, sk `PROFILE`."""

    pk: Annotated[str, Personal.IDENTIFIER, Form(MEMBER)]
    sk: Annotated[str, NOT_PERSONAL, Form("PROFILE")]
    memberId: Annotated[str, Personal.IDENTIFIER]
    name: Annotated[str, Personal.NAME]
    email: Annotated[str, Personal.EMAIL]
    phone: Annotated[str | None, Personal.PHONE] = None
    role: Annotated[Literal["member", "admin"], NOT_PERSONAL]
    joinedOn: Annotated[str, Personal.DATE]
    notes: Annotated[str | None, Personal.FREE_TEXT] = None
    createdAt: Annotated[str, NOT_PERSONAL, Form(MOMENT)]
    updatedAt: Annotated[str, NOT_PERSONAL, Form(MOMENT)]


class ScheduleItem(ItemShape):
    """`tee-schedules`: one booking. pk `MEMBER#<memberId>`, sk `SCHEDULE#<scheduleId>`."""

    pk: Annotated[str, Personal.IDENTIFIER, Form(MEMBER)]
    sk: Annotated[str, NOT_PERSONAL, Form(f"SCHEDULE#{ID}")]
    scheduleId: Annotated[str, NOT_PERSONAL, Form(ID)]
    memberId: Annotated[str, Personal.IDENTIFIER]
    date: Annotated[str, NOT_PERSONAL, Form(DAY)]
    startTime: Annotated[str, NOT_PERSONAL, Form(CLOCK)]
    status: Annotated[Literal["booked", "confirmed", "cancelled", "played"], NOT_PERSONAL]
    location: Annotated[str, NOT_PERSONAL, Form(r"[^\W\d_][\w ,.'&()-]{0,59}")]
    comment: Annotated[str | None, Personal.FREE_TEXT] = None
    expiresAt: Annotated[int, NOT_PERSONAL]


class SyncStatusItem(ItemShape):
    """`tee-sync-status`: the synchronization of a member's data. pk `MEMBER#<memberId>`, sk `SYNC#<provider>`."""

    pk: Annotated[str, Personal.IDENTIFIER, Form(MEMBER)]
    sk: Annotated[str, NOT_PERSONAL, Form(f"SYNC#{PROVIDER}")]
    memberId: Annotated[str, Personal.IDENTIFIER]
    provider: Annotated[str, NOT_PERSONAL, Form(PROVIDER)]
    state: Annotated[Literal["pending", "running", "done", "failed"], NOT_PERSONAL]
    attempts: Annotated[int, NOT_PERSONAL]
    lastError: Annotated[str | None, Personal.FREE_TEXT] = None
    updatedAt: Annotated[str, NOT_PERSONAL, Form(MOMENT)]
    expiresAt: Annotated[int, NOT_PERSONAL]


class ShapeError(UsageError):
    """A declared attribute says too little: `attribute` is `AdminItem.name`."""

    def __init__(self, attribute: str, reason: str) -> None:
        self.attribute = attribute
        super().__init__(f"{attribute}: {reason}", next="Correct it in tee_infra/core/tables/item_shapes.py")


@dataclass(frozen=True)
class Declared:
    """A declared attribute: its Python type, its classification, and the pattern of its text if it has one."""

    annotation: Any
    classification: Classification
    pattern: str | None


def declarations(shape: type[BaseModel]) -> dict[str, Declared]:
    """Attribute, as it is stored -> its declaration. Raises `ShapeError`."""
    found: dict[str, Declared] = {}
    for field_name, field in shape.model_fields.items():
        name = field.alias or field_name
        marks = [mark for mark in field.metadata if isinstance(mark, get_args(Classification))]
        if len(marks) != 1:
            raise ShapeError(f"{shape.__name__}.{name}", f"needs exactly one classification, has {marks}")
        patterns = [mark.pattern for mark in field.metadata if isinstance(mark, Form)]
        pattern = patterns[0] if patterns else _literal_pattern(field.annotation)
        if marks[0] is NOT_PERSONAL and pattern is None and _holds_text(field.annotation):
            raise ShapeError(f"{shape.__name__}.{name}", "is text and not personal, so it needs a Form or a Literal")
        found[name] = Declared(field.annotation, marks[0], pattern)
    return found


def classifications(shape: type[BaseModel]) -> dict[str, Classification]:
    """Attribute, as it is stored -> classification. Raises `ShapeError`."""
    return {name: declared.classification for name, declared in declarations(shape).items()}


def key_tags(shapes: Iterable[type[BaseModel]]) -> frozenset[str]:
    """The tags in the forms of the shapes' composite keys: `MEMBER`, `SCHEDULE`. Raises `ShapeError`."""
    patterns = (declared.pattern or "" for shape in shapes for declared in declarations(shape).values())
    return frozenset(
        tag for pattern in patterns for one, many in _TAGS.findall(pattern) for tag in (one or many).split("|")
    )


_TAGS: Final = re.compile(r"(?:(?:^|(?<=[#(|:]))([A-Za-z][\w-]*)|\((?:\?:)?([A-Za-z][\w|-]*)\))\\?#")
"""A word before `#`: at the beginning of a form, after another `#`, or as an alternative (`A#x|B#y`, `(A|B)#x`)."""


def _literal_pattern(annotation: Any) -> str | None:
    """The pattern of `Literal["a", "b"]`, with or without None; None for any other type."""
    if get_origin(annotation) is Literal:
        return "|".join(re.escape(value) for value in get_args(annotation) if isinstance(value, str))
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    return _literal_pattern(choices[0]) if get_origin(annotation) is not None and len(choices) == 1 else None


def _holds_text(annotation: Any) -> bool:
    """Whether `str` is part of a type: `str | None`, `list[str]`, `dict[str, int]`."""
    return annotation is str or any(map(_holds_text, get_args(annotation)))
