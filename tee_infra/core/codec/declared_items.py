"""The usual item, three times as fast: each attribute has the one type that the catalog declares, decoded in C.

Any other item (with a null, with an attribute or a form that is not declared) is left to `anonymizer`, which knows all
rules and says what it refuses.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import astuple

from tee_infra.core.codec.entities import entity_of
from tee_infra.core.codec.raw_items import RawItem

_encode = msgspec.json.Encoder().encode
_TYPES: Final[dict[str, Any]] = {"S": str, "BOOL": bool}


class Attribute(NamedTuple):
    """An attribute that is declared with one type, `holds` (`S`, `N`, `M` …).

    `fits` accepts its text, `replace` makes the stand-in from its text and the id of the item's member.
    """

    name: str
    holds: str
    fits: Callable[[str], object] | None = None
    replace: Callable[[str, str], str] | None = None


Shape = tuple[type, ...]
"""The types of an item's values, in the order of the attributes; `UnsetType`: the item has none."""


class DeclaredItems:
    """Replaces what is personal in items that hold only `attributes`. Threads may share it.

    `member_key` is the attribute that names the item's member; None: no replacement needs it.
    """

    def __init__(self, attributes: Sequence[Attribute], member_key: str | None) -> None:
        self._names = [attribute.name for attribute in attributes]
        self._member = None if member_key is None else self._names.index(member_key)
        self._fits = [(at, each.fits) for at, each in enumerate(attributes) if each.fits is not None]
        self._replaced = [
            (at, each.holds, each.replace) for at, each in enumerate(attributes) if each.replace is not None
        ]
        self._decode = msgspec.json.Decoder(_item_of(attributes, member_key)).decode

    def anonymized(self, item: RawItem) -> tuple[bytes, Shape] | None:
        """The item with its stand-ins, in the catalog's order, and its shape. None: it is not such an item."""
        try:
            decoded = self._decode(item)
            values = astuple(decoded)
            for at, fits in self._fits:
                if (value := values[at]) is not UNSET and not fits(value.S) and value.S:
                    return None
            member = "" if self._member is None else entity_of(_text(values[self._member]))
            for at, holds, replace in self._replaced:
                if (value := values[at]) is not UNSET and (text := getattr(value, holds)):
                    setattr(value, holds, replace(text, member))
        except (msgspec.DecodeError, ValueError, TypeError):  # not such an item; a date that cannot be read; no member
            return None
        return _encode(decoded), tuple(map(type, values))

    def names(self, shape: Shape) -> tuple[str, ...]:
        """The attributes of an item with this shape."""
        return tuple(name for name, kind in zip(self._names, shape, strict=True) if kind is not UnsetType)


def _item_of(attributes: Sequence[Attribute], member_key: str | None) -> type[Struct]:
    """A class whose fields have the attributes' names in JSON only: those need not be names in Python."""
    fields: list[tuple[str, Any, Any]] = []
    for at, each in enumerate(attributes):
        read = each.replace is not None or each.name == member_key
        kind = str if read else _TYPES.get(each.holds, Raw)
        value = msgspec.defstruct(each.holds, [(each.holds, kind)], forbid_unknown_fields=True, gc=False)
        fields.append((f"a{at}", value | UnsetType, UNSET))
    names = {f"a{at}": each.name for at, each in enumerate(attributes)}
    return msgspec.defstruct("Item", fields, rename=names, omit_defaults=True, forbid_unknown_fields=True, gc=False)


def _text(value: Any) -> str:
    (text,) = astuple(value)
    return text
