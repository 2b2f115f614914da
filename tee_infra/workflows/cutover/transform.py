"""The transform of a migration: a function of the operator's own, `MODULE:FUNCTION`."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec

from tee_infra.core.codec.digest import NotAnItemError, canonical
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.cutover.run import ItemRefusedError, canonical_key
from tee_infra.errors import RefusedError, UsageError

ItemFunction: TypeAlias = Callable[[str, dict[str, Any]], dict[str, Any]]
"""`function(table, item)`: the target's item for one of the source, both as DynamoDB's JSON (`{"pk": {"S": "…"}}`); the
table's name is the catalog's. It is pure, and keeps the key. Its `inverse` attribute may be a function back."""

_INVERSE: Final = "inverse of "
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class NoInverseError(RefusedError):
    """A transform without an inverse: nothing can be replicated back."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: it has no inverse, so nothing can be replicated back. Nothing was written")


@dataclass(frozen=True, kw_only=True)
class LoadedTransform:
    """A transform by its name; `inverse` is None without one."""

    name: str
    function: ItemFunction
    inverse: ItemFunction | None

    def __call__(self, table: str, item: RawItem) -> bytes:
        """The target's item. Raises `ItemRefusedError`, without a value of the item, also where the function fails."""
        return _apply(self.function, table, item)

    @property
    def reversed(self) -> "LoadedTransform":
        """The way back, whose own way back this is. Raises `NoInverseError`."""
        if self.inverse is None:
            raise NoInverseError(self.name)
        return LoadedTransform(name=reversed_name(self.name), function=self.inverse, inverse=self.function)

    def check(self, table: str, items: Sequence[RawItem], key_names: Sequence[str]) -> None:
        """Check on a sample that it is pure, keeps the keys and that its inverse is one. Raises `RefusedError`."""
        for item in items:
            try:
                first, second = self(table, item), self(table, item)
            except ItemRefusedError:
                continue  # goes to quarantine
            if canonical(first) != canonical(second):
                raise RefusedError(
                    f"{self.name}: it is not pure: an item of {table} has two results. Nothing was written"
                )
            if _key(first, key_names) != _key(item, key_names):
                raise RefusedError(
                    f"{self.name}: it changes the key of an item of {table}, which no migration can follow. Nothing "
                    "was written",
                    next="Keep each item's key, and change keys in the app after the switch",
                )
            if self.inverse is not None and canonical(self.reversed(table, first)) != canonical(item):
                raise RefusedError(
                    f"{self.name}: its inverse does not give an item of {table} back. Nothing was written"
                )


def _key(item: RawItem, key_names: Sequence[str]) -> bytes | None:
    """None for an item without a key."""
    try:
        return canonical_key(item, key_names)
    except (NotAnItemError, KeyError):
        return None


def reversed_name(name: str) -> str:
    """What the way back is called: `load_transform` knows it."""
    return name.removeprefix(_INVERSE) if name.startswith(_INVERSE) else f"{_INVERSE}{name}"


def load_transform(text: str) -> LoadedTransform:
    """Import `MODULE:FUNCTION`, also from the current directory, or the inverse of one by its name.

    Raises `UsageError`, `NoInverseError`.
    """
    if text.startswith(_INVERSE):
        return load_transform(text.removeprefix(_INVERSE)).reversed
    module_name, _, function_name = text.partition(":")
    if not module_name or not function_name.isidentifier():
        raise UsageError(f"--transform: {text!r} is not MODULE:FUNCTION. Nothing was written")
    if (here := os.getcwd()) not in sys.path:  # noqa: PTH109  # an entry of sys.path is a text
        sys.path.insert(0, here)
    try:
        function: ItemFunction = getattr(importlib.import_module(module_name), function_name)
    except (Exception, SystemExit) as error:
        raise UsageError(f"--transform: {text} cannot be imported: {type(error).__name__}: {error}") from None
    if not callable(function):
        raise UsageError(f"--transform: {text} is not a function. Nothing was written")
    return LoadedTransform(name=text, function=function, inverse=getattr(function, "inverse", None))


def _apply(function: ItemFunction, table: str, item: RawItem) -> bytes:
    try:
        result = json.dumps(function(table, _decode(item))).encode()
        canonical(result)
    except ItemRefusedError:
        raise
    except NotAnItemError:
        raise ItemRefusedError("the transform's result is not an item") from None
    except Exception as error:
        raise ItemRefusedError(f"the transform failed: {type(error).__name__}") from None
    return result
