"""What the tables of this folder are written in: properties, their shapes, and what a change of each one does.

They follow the schemas of terraform-provider-aws 6, on which pulumi-aws 7 is built (`internal/service/*`): ForceNew
is `replaces`, Optional+Computed is `keeps=True`, DiffSuppressFunc is `same=`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tee_infra.local.provider.clients import Aws

Values = dict[str, Any]


class Kind(Enum):
    """A property without parts."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "JSON document"
    POLICY = "JSON policy document"
    ANY = "anything"
    """Not looked into; for the rare block of a type that is only recorded."""


STRING, NUMBER, BOOLEAN, JSON, POLICY, ANY = Kind


@dataclass(frozen=True)
class Block:
    """An object with properties of its own."""

    properties: Mapping[str, Property]


@dataclass(frozen=True)
class ListOf:
    """Elements in an order that counts."""

    element: Shape


@dataclass(frozen=True)
class SetOf:
    """Elements in no order; blocks are told apart by the property `key`, without one by all they hold."""

    element: Shape
    key: str | None = None


@dataclass(frozen=True)
class MapOf:
    """Values under names the program chooses."""

    element: Shape


Shape = Kind | Block | ListOf | SetOf | MapOf


class Effect(Enum):
    """What a changed property does to the resource."""

    UPDATE = "updates in place"
    REPLACE = "replaces"
    COMPUTED = "is AWS's to say"
    REFUSED = "is refused"


@dataclass(frozen=True)
class Property:
    """One property of a resource type or block."""

    shape: Shape
    _: KW_ONLY
    effect: Effect
    required: bool = False
    default: Any = None
    one_of: tuple[str | int, ...] = ()
    between: tuple[int, int] | None = None
    keeps: bool = False
    """Left out of the program, what is there stays: no difference."""
    unread: bool = False
    """AWS or moto does not tell it, or never takes it: it lives in the state, and drift is not seen."""
    same: Callable[[Any, Any, Values], bool] | None = None
    """Whether the real provider overlooks this difference: (old value, new value, the block's new values)."""
    named: Naming | None = None
    """The physical name: made up when left out, and a fixed one cannot exist twice."""
    follows: tuple[str, ...] = ()
    """Computed: the properties whose change also changes this one."""
    why: str = ""
    """Refused: the reason."""


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How a physical name is made up: the resource's name, a hyphen and seven hexadecimal digits."""

    longest: int
    prefix: str = ""
    lower: bool = False


updates = partial(Property, effect=Effect.UPDATE)
replaces = partial(Property, effect=Effect.REPLACE)
computed = partial(Property, effect=Effect.COMPUTED)


def refused(why: str) -> Property:
    """Return a property of the real provider that cannot be had here; using it fails, saying `why`."""
    return Property(STRING, effect=Effect.REFUSED, why=why)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A property that cannot be as it is: where (`ttl.attributeName`) and why."""

    path: str
    reason: str


class RefusedByAwsError(Exception):
    """AWS refuses, in AWS's words; for what moto lets through."""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """What is asked of AWS. Every function raises botocore's ClientError, or RefusedByAwsError, as AWS says no."""

    create: Callable[[Aws, Values], str]
    """Make it and return its id."""
    read: Callable[[Aws, str, Values], Values | None]
    """Return its properties as AWS has them, given its id and the state; None when it does not exist."""
    delete: Callable[[Aws, str, Values], None]
    update: Callable[[Aws, str, Update], object] | None = None
    """Change what differs; not there when every property replaces."""
    finish: Callable[[Aws, str, Values], None] | None = None
    """What remains to be done once it exists. When it fails, the resource is recorded, and the next update repairs."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update in place: the properties before and after, and the names of those that differ."""

    old: Values
    new: Values
    changed: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One row of the registry: a Pulumi resource type with its rules."""

    type: str
    title: str
    properties: Mapping[str, Property]
    actions: Actions
    validate: Callable[[Values], list[Failure]] = lambda _inputs: []
    validate_change: Callable[[Values, Values], list[Failure]] = lambda _old, _new: []
    recorded_only: bool = False

    @property
    def taggable(self) -> bool:
        """Whether the provider's default tags go on it."""
        return "tags" in self.properties

    @property
    def naming(self) -> tuple[str, Naming] | None:
        """The property that is its physical name, and how one is made up."""
        return next(((name, prop.named) for name, prop in self.properties.items() if prop.named), None)


TAGS: Mapping[str, Property] = {
    "tags": updates(MapOf(STRING)),
    "tagsAll": computed(MapOf(STRING), follows=("tags",)),
}
REGION: Mapping[str, Property] = {"region": replaces(STRING, keeps=True)}
