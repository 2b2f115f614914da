"""The vocabulary of this folder's tables: properties, their shapes, and the effect of a change of each one.

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
    """A scalar property."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    JSON = "JSON document"
    POLICY = "JSON policy document"
    ANY = "anything"
    """Any value, not checked; for the rare block of a type that is only recorded."""


STRING, NUMBER, BOOLEAN, JSON, POLICY, ANY = Kind


@dataclass(frozen=True)
class Block:
    """An object with its own properties."""

    properties: Mapping[str, Property]


@dataclass(frozen=True)
class ListOf:
    """Ordered elements."""

    element: Shape


@dataclass(frozen=True)
class SetOf:
    """Unordered elements; blocks are identified by the property `key`, or by all their values."""

    element: Shape
    key: str | None = None


@dataclass(frozen=True)
class MapOf:
    """Values under names that the program chooses."""

    element: Shape


Shape = Kind | Block | ListOf | SetOf | MapOf


class Effect(Enum):
    """The effect of a changed property on the resource."""

    UPDATE = "updates in place"
    REPLACE = "replaces"
    COMPUTED = "is set by AWS"
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
    """Missing in the program, the existing value is kept: no difference."""
    unread: bool = False
    """AWS or moto does not return or accept it: it exists only in the state, and drift is not seen."""
    same: Callable[[Any, Any, Values], bool] | None = None
    """Whether the real provider ignores this difference: (old value, new value, the block's new values)."""
    named: Naming | None = None
    """The physical name: generated when missing, and a fixed one cannot exist twice."""
    follows: tuple[str, ...] = ()
    """Computed: the properties whose change also changes this one."""
    why: str = ""
    """Refused: the reason."""


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The generated physical name: the resource's name, a hyphen and seven hexadecimal digits."""

    longest: int
    prefix: str = ""
    lower: bool = False


updates = partial(Property, effect=Effect.UPDATE)
replaces = partial(Property, effect=Effect.REPLACE)
computed = partial(Property, effect=Effect.COMPUTED)


def refused(why: str) -> Property:
    """Return a property of the real provider that is not supported here; using it fails with the reason `why`."""
    return Property(STRING, effect=Effect.REFUSED, why=why)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An invalid property: its path (`ttl.attributeName`) and the reason."""

    path: str
    reason: str


class RefusedByAwsError(Exception):
    """A refusal with AWS's message, for requests that moto accepts."""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """The calls to AWS. Every function raises botocore's ClientError, or RefusedByAwsError, when AWS refuses."""

    create: Callable[[Aws, Values], str]
    """Create it and return its id."""
    read: Callable[[Aws, str, Values], Values | None]
    """Return its properties in AWS, given its id and the state; None when it does not exist."""
    delete: Callable[[Aws, str, Values], None]
    update: Callable[[Aws, str, Update], object] | None = None
    """Update the differences; None when every property replaces."""
    finish: Callable[[Aws, str, Values], None] | None = None
    """Further steps once it exists. If they fail, the resource is recorded, and the next update repairs it."""


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
        """Whether it gets the provider's default tags."""
        return "tags" in self.properties

    @property
    def naming(self) -> tuple[str, Naming] | None:
        """The property that is its physical name, and how one is generated."""
        return next(((name, prop.named) for name, prop in self.properties.items() if prop.named), None)


TAGS: Mapping[str, Property] = {
    "tags": updates(MapOf(STRING)),
    "tagsAll": computed(MapOf(STRING), follows=("tags",)),
}
REGION: Mapping[str, Property] = {"region": replaces(STRING, keeps=True)}
