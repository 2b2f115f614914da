"""Anonymize items: replace attributes classified as personal, keep those classified as safe, refuse all others.

Items are DynamoDB's own JSON and only their outermost level is decoded; of the values, only the personal ones.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Raw

from tee_infra.core.codec.entities import entity_of
from tee_infra.core.codec.pseudonyms import BECOMES, Pseudonyms, Replacement
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.item_shapes import NotPersonal, Personal, classifications
from tee_infra.errors import RefusedError

KEPT: Final = "kept"
KEPT_UNDECLARED: Final = "kept: not in the catalog, and its type holds no text"

_DYNAMODB_TYPES: Final = {
    str: "S", int: "N", float: "N", Decimal: "N", bool: "BOOL", bytes: "B", NoneType: "NULL", list: "L", dict: "M",
}  # fmt: skip
_WITHOUT_TEXT: Final = frozenset({"N", "NS", "BOOL", "NULL"})
_NO_TYPES: Final = frozenset[str]()

Attributes = dict[str, dict[str, Raw]]
"""An item decoded to its values' types: name -> {type: content}."""

_decode = msgspec.json.Decoder(Attributes).decode
_decode_list = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


class UnclassifiedError(RefusedError):
    """An item has an unclassified attribute: the `table`, the `attribute` and the type that it `holds`."""

    def __init__(self, table: str, attribute: str, holds: str, declared: str | None) -> None:
        self.table = table
        self.attribute = attribute
        self.holds = holds
        known = f"the catalog declares it as {declared}" if declared else "it is not in the catalog"
        super().__init__(
            f"{table}: attribute {attribute!r} of type {holds} may contain personal data and is unclassified: {known}",
            next="Classify it in tee_infra/core/tables/item_shapes.py. List all unclassified attributes: "
            f"tee-infra data anonymize-report --tables {table}",
        )


@dataclass(frozen=True)
class Rule:
    """What happens to one attribute: the DynamoDB types that it may hold, and its kind, or None: kept."""

    types: frozenset[str]
    kind: Personal | None

    @property
    def becomes(self) -> str:
        """A description for people of the attribute's replacement."""
        return KEPT if self.kind is None else BECOMES[self.kind]


@dataclass(frozen=True)
class Applied:
    """One rule, and to how many values it was applied."""

    attribute: str
    becomes: str
    count: int


class Anonymizer:
    """The rules of one table under one key, as a transform of its pages. Threads may share it."""

    def __init__(self, table: Table, pseudonyms: Pseudonyms) -> None:
        self._table = table
        self._rules = rules_of(table)
        self._types = {name: rule.types for name, rule in self._rules.items()}
        self._replacements: tuple[tuple[str, Replacement], ...] = tuple(
            (name, pseudonyms.replacements[rule.kind]) for name, rule in self._rules.items() if rule.kind is not None
        )
        # Only dates need the member's id, and reading it costs as much as a pseudonym.
        self._dated = any(rule.kind is Personal.DATE for rule in self._rules.values())
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, items: Iterable[RawItem]) -> list[RawItem]:
        """The items with their stand-ins, attributes in their order. Raises `UnclassifiedError`."""
        counts: Counter[str] = Counter()
        anonymized: list[RawItem] = [self._anonymize(item, counts) for item in items]
        with self._lock:
            self._counts.update(counts)
        return anonymized

    @property
    def applied(self) -> dict[tuple[str, str], int]:
        """(attribute, description of its replacement) -> number of values so far."""
        becomes = {name: rule.becomes for name, rule in self._rules.items()}
        return {(name, becomes.get(name, KEPT_UNDECLARED)): count for name, count in self._counts.items()}

    def report(self) -> tuple[Applied, ...]:
        """Every rule that was applied so far, by attribute."""
        applied = sorted(self.applied.items())
        return tuple(Applied(attribute, becomes, count) for (attribute, becomes), count in applied)

    def _anonymize(self, item: RawItem, counts: Counter[str]) -> bytes:
        attributes = _decode(item)
        person = entity_of(partition_key_of(self._table, attributes)) if self._dated else ""
        types = self._types
        for name, value in attributes.items():
            (held,) = value
            if held not in types.get(name, _NO_TYPES):
                rule = self._rules.get(name)
                self._refuse(name, rule, refused_type(rule, value))
        for name, replace in self._replacements:
            if (value := attributes.get(name)) and "S" in value and (text := _decode_text(value["S"])):
                value["S"] = Raw(_encode(replace(text, person)))
        counts.update(attributes.keys())
        return _encode(attributes)

    def _refuse(self, name: str, rule: Rule | None, held: str | None) -> None:
        if held is not None:
            declared = "/".join(sorted(rule.types)) if rule else None
            raise UnclassifiedError(self._table.name, name, held, declared)


def rules_of(table: Table) -> dict[str, Rule]:
    """Attribute -> rule, from the shape of the table's items.

    Kept attributes may also hold numbers and booleans of any declared type: they cannot hold text.
    """
    rules: dict[str, Rule] = {}
    for name, classification in classifications(table.item).items():
        declared = declared_types(table.item.model_fields[name].annotation)
        match classification:
            case Personal():
                rules[name] = Rule(declared & {"S", "NULL"}, classification)
            case NotPersonal():
                rules[name] = Rule(declared | _WITHOUT_TEXT, None)
    return rules


def refused_type(rule: Rule | None, value: dict[str, Raw]) -> str | None:
    """The type for which a value is refused, or None. An attribute that is not in the catalog has no rule."""
    if rule is None:
        return text_in(value)
    (held,) = value
    return None if held in rule.types else held


def declared_types(annotation: Any) -> frozenset[str]:
    """The DynamoDB types that hold a Python type: `str | None` -> {"S", "NULL"}."""
    origin = get_origin(annotation)
    if origin is Literal:
        return frozenset(_DYNAMODB_TYPES[type(value)] for value in get_args(annotation))
    if origin is Annotated:
        return declared_types(get_args(annotation)[0])
    if (plain := origin or annotation) in _DYNAMODB_TYPES:
        return frozenset({_DYNAMODB_TYPES[plain]})
    if plain in {set, frozenset}:
        return frozenset(f"{kind}S" for kind in declared_types(get_args(annotation)[0]))
    return frozenset[str]().union(*(declared_types(argument) for argument in get_args(annotation)))


def decode(item: RawItem) -> Attributes:
    """An item's outermost level. Raises `msgspec.DecodeError` for anything but an item."""
    return _decode(item)


def partition_key_of(table: Table, attributes: Attributes) -> str:
    """The value of the table's partition key, of any type, as text."""
    (value,) = attributes[table.partition_key.name].values()
    return _decode_text(value)


def text_in(value: dict[str, Raw]) -> str | None:
    """The type in which an attribute value may hold text (`S`, `SS`, `B`, `M`, `L of S`), or None.

    Binaries may hold text, and so may the keys of a map.
    """
    ((kind, content),) = value.items()
    match kind:
        case "N" | "NS" | "BOOL" | "NULL":
            return None
        case "M" if not _decode(content):
            return None
        case "L":
            held = next(filter(None, map(text_in, _decode_list(content))), None)
            return f"L of {held}" if held else None
        case _:
            return kind
