"""Anonymize items: replace attributes classified as personal, keep those classified as safe, refuse all others.

Items are DynamoDB's own JSON and only their outermost level is decoded; of the values, only the personal ones.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from types import NoneType
from typing import Annotated, Any, Final, Literal, NoReturn, get_args, get_origin

import msgspec
from msgspec import Raw

from tee_infra.core.codec.declared_items import Attribute, DeclaredItems, Shape
from tee_infra.core.codec.entities import entity_of
from tee_infra.core.codec.pseudonyms import BECOMES, NUMBERS, Pseudonyms, Replacement
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.tables.catalog import Table
from tee_infra.core.tables.item_shapes import Declared, NotPersonal, Personal, ShapeError, declarations
from tee_infra.errors import RefusedError

KEPT: Final = "kept"
KEPT_UNDECLARED: Final = "kept: not in the catalog, and holds only booleans and nulls"

_DYNAMODB_TYPES: Final = {
    str: "S", int: "N", float: "N", Decimal: "N", bool: "BOOL", bytes: "B", NoneType: "NULL", list: "L", dict: "M",
}  # fmt: skip
_HARMLESS: Final = frozenset({"BOOL", "NULL"})

Attributes = dict[str, dict[str, Raw]]
"""An item decoded to its values' types: name -> {type: content}."""

_decode = msgspec.json.Decoder(Attributes).decode
_decode_list = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_texts = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode


class UnclassifiedError(RefusedError):
    """An attribute holds what the catalog does not classify: the `table`, the `attribute` and the type that it `holds`.

    `declared` is what the catalog says about it.
    """

    def __init__(self, table: str, attribute: str, holds: str, declared: str) -> None:
        self.table = table
        self.attribute = attribute
        self.holds = holds
        super().__init__(
            f"{table}: attribute {attribute!r} of type {holds} may contain personal data and is unclassified: "
            f"{declared}",
            next="Classify it in tee_infra/core/tables/item_shapes.py. List all unclassified attributes: "
            f"tee-infra data anonymize-report --tables {table}",
        )


@dataclass(frozen=True)
class Rule:
    """What happens to one attribute: the DynamoDB types that it may hold, and its kind, or None: kept.

    `form` matches each text that it may hold; None: any text.
    """

    types: frozenset[str]
    kind: Personal | None
    form: re.Pattern[str] | None = None

    @property
    def becomes(self) -> str:
        """A description for people of the attribute's replacement."""
        return KEPT if self.kind is None else BECOMES[self.kind]

    def declared(self, value: dict[str, Raw]) -> str:
        """What the catalog says about the attribute that the value does not hold to."""
        if next(iter(value)) not in self.types:
            return f"the catalog declares it as {'/'.join(sorted(self.types))}"
        if self.form is not None and not _fits(self.form, value):
            return f"the catalog declares its form as {self.form.pattern}"
        return "the catalog declares it as a date, and this one cannot be read or shifted"


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
        self._forms = tuple(
            (name, rule.form, rule.form.fullmatch) for name, rule in self._rules.items() if rule.form is not None
        )
        self._replacements: tuple[tuple[str, Replacement, Replacement | None], ...] = tuple(
            (name, pseudonyms.replacements[rule.kind], pseudonyms.numbers.get(rule.kind))
            for name, rule in self._rules.items()
            if rule.kind is not None
        )
        # Only dates need the member's id, and reading it costs as much as a pseudonym.
        self._dated = any(rule.kind is Personal.DATE for rule in self._rules.values())
        self._declared = _declared(table, self._rules, pseudonyms, dated=self._dated)
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, items: Iterable[RawItem]) -> list[RawItem]:
        """The items with their stand-ins. Raises `UnclassifiedError`."""
        declared, usual, others = self._declared, Counter[Shape](), Counter[tuple[str, ...]]()
        anonymized: list[RawItem] = []
        for item in items:
            if declared and (done := declared.anonymized(item)):
                usual[done[1]] += 1
                anonymized.append(done[0])
            else:
                anonymized.append(self._anonymize(item, others))
        if declared:
            for shape, count in usual.items():
                others[declared.names(shape)] += count
        counts = Counter[str]()
        for names, count in others.items():
            counts.update(dict.fromkeys(names, count))
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

    def _anonymize(self, item: RawItem, shapes: Counter[tuple[str, ...]]) -> bytes:
        attributes: dict[str, dict[str, Any]] = _decode(item)
        self._check(attributes)
        person = entity_of(partition_key_of(self._table, attributes)) if self._dated else ""
        for name, replace, replace_number in self._replacements:
            value = attributes.get(name)
            if value is None:
                continue
            try:
                if "S" in value and (text := _decode_text(value["S"])):
                    value["S"] = replace(text, person)
                elif "N" in value and replace_number:
                    value["N"] = replace_number(_decode_text(value["N"]), person)
            except ValueError:
                self._refuse(name, value)
        shapes[tuple(attributes)] += 1
        return _encode(attributes)

    def _check(self, attributes: Attributes) -> None:
        types = self._types
        for name, value in attributes.items():
            (held,) = value
            if held not in types.get(name, _HARMLESS):
                self._refuse_unless_harmless(name, value)
        for name, form, fullmatch in self._forms:
            if (value := attributes.get(name)) is None:
                continue
            if "S" in value and fullmatch(_decode_text(value["S"])):  # nearly always, and without a call of `_fits`
                continue
            if not _fits(form, value):
                self._refuse(name, value)

    def _refuse_unless_harmless(self, name: str, value: dict[str, Raw]) -> None:
        if name in self._rules or undeclared_type(value) is not None:
            self._refuse(name, value)

    def _refuse(self, name: str, value: dict[str, Raw]) -> NoReturn:
        rule = self._rules.get(name)
        holds = undeclared_type(value) or next(iter(value))
        raise UnclassifiedError(
            self._table.name, name, holds, rule.declared(value) if rule else "it is not in the catalog"
        )


def _declared(table: Table, rules: Mapping[str, Rule], pseudonyms: Pseudonyms, *, dated: bool) -> DeclaredItems | None:
    """None where an attribute may have several types, or a form of something other than a text."""
    attributes: list[Attribute] = []
    for name, rule in rules.items():
        holds = sorted(rule.types - _HARMLESS) or ["BOOL"]
        if len(holds) > 1 or (rule.form is not None and holds != ["S"]):
            return None
        replacements = pseudonyms.replacements if holds == ["S"] else pseudonyms.numbers
        replace = replacements[rule.kind] if rule.kind is not None else None
        attributes.append(Attribute(name, holds[0], rule.form.fullmatch if rule.form else None, replace))
    return DeclaredItems(attributes, table.partition_key.name if dated else None)


def rules_of(table: Table) -> dict[str, Rule]:
    """Attribute -> rule, from the shape of the table's items. Raises `ShapeError`.

    Every attribute may be null: that says nothing, and a table is not refused for it.
    """
    rules = {name: _rule(f"{table.item.__name__}.{name}", found) for name, found in declarations(table.item).items()}
    for key in table.key_attributes:
        rule = rules.get(key.name)
        if rule and rule.kind is Personal.IDENTIFIER and rule.form is None and "S" in rule.types:
            reason = "is a key that identifies a member, so it needs a Form with its tags, or Form('.+') without any"
            raise ShapeError(f"{table.item.__name__}.{key.name}", reason)
    return rules


def _rule(attribute: str, found: Declared) -> Rule:
    types = declared_types(found.annotation)
    form = re.compile(found.pattern, re.DOTALL) if found.pattern is not None else None
    match found.classification:
        case Personal() as kind:
            replaced = types & ({"S", "N"} if kind in NUMBERS else {"S"})
            if not replaced:
                raise ShapeError(attribute, f"is personal, and {'/'.join(sorted(types))} cannot be replaced")
            return Rule(replaced | {"NULL"}, kind, form)
        case NotPersonal():
            return Rule(types | _HARMLESS, None, form)


def refusal(rule: Rule | None, value: dict[str, Raw]) -> str | None:
    """What a value holds for which it is refused (`S`, `L of S`, `S in another form`), or None.

    An attribute that is not in the catalog has no rule.
    """
    (held,) = value
    if rule is None:
        return undeclared_type(value)
    if held not in rule.types:
        return held
    if rule.form is not None and not _fits(rule.form, value):
        return f"{held} in another form"
    if rule.kind is Personal.DATE and not is_date(value):
        return f"{held} that is not a date"
    return None


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


def undeclared_type(value: dict[str, Raw]) -> str | None:
    """The type for which an attribute that is not in the catalog is refused (`S`, `N`, `M`, `L of S`), or None.

    Binaries may hold text, the keys of a map are text, and a number may be that of a phone or a card.
    """
    ((kind, content),) = value.items()
    match kind:
        case "BOOL" | "NULL":
            return None
        case "M" if not _decode(content):
            return None
        case "L":
            held = next(filter(None, map(undeclared_type, _decode_list(content))), None)
            return f"L of {held}" if held else None
        case _:
            return kind


def is_date(value: dict[str, Raw]) -> bool:
    """Whether a text or number can be shifted as a date. Empty text stays as it is."""
    ((kind, content),) = value.items()
    if kind == "NULL":
        return True
    text = _decode_text(content)
    replace = _ANY_PSEUDONYMS.replacements if kind == "S" else _ANY_PSEUDONYMS.numbers
    try:
        return not text or bool(replace[Personal.DATE](text, ""))
    except ValueError:
        return False


_ANY_PSEUDONYMS: Final = Pseudonyms(bytes(32))
"""Whether a date can be read does not depend on the key."""


def _fits(form: re.Pattern[str], value: dict[str, Raw]) -> bool:
    """Whether every text in a value is empty or has the form, those in lists, sets and maps too; binaries have none."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return form.fullmatch(text := _decode_text(content)) is not None or not text
        case "SS":
            return all(map(form.fullmatch, _decode_texts(content)))
        case "L":
            return all(_fits(form, each) for each in _decode_list(content))
        case "M":
            return all(form.fullmatch(name) and _fits(form, each) for name, each in _decode(content).items())
        case _:
            return kind not in {"B", "BS"}
