"""Keys as a person types them, read by the types of the key's attributes, and the condition of a query by them."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tee_infra.errors import UsageError

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_FORMS: Final = {"S": "a text of one or more characters", "N": "a number", "B": "base64"}


class KeyTextError(UsageError):
    """The typed key does not fit the table; `expected` is its key, e.g. `pk (S), sk (S)`. Never holds the typed one."""

    def __init__(self, what: str, expected: str, problem: str, step: str | None = None) -> None:
        self.expected = expected
        super().__init__(f"{what}: its key is {expected}, and {problem}. Nothing was read", next=step)


def read_key(table: str, types: Mapping[str, str], words: Sequence[str]) -> bytes:
    """The raw key in `words`: one for each attribute of `types`, or all of them in one, with a space between them.

    Raises `KeyTextError`.
    """
    if len(words) == 1 and len(types) > 1 and words[0].count(" ") == 1:
        words = words[0].split(" ")
    if len(words) != len(types):
        step = f"To list the items of a partition: tee-infra data query ENV {table} PARTITION"
        problem = f"{len(words)} of {len(types)} parts were given"
        raise KeyTextError(table, key_text(types), problem, step if len(words) < len(types) else None)
    pairs = zip(types, words, strict=True)
    return msgspec.json.encode({name: _value(table, types, name, word) for name, word in pairs})


def query_condition(what: str, types: Mapping[str, str], partition: str, begins_with: str | None) -> dict[str, Any]:
    """The members of a Query for one partition of a table or an index with this key.

    `begins_with`: only sort keys with this beginning. Raises `KeyTextError`.
    """
    name, *rest = types
    condition, names = "#p = :p", {"#p": name}
    values = {":p": _value(what, types, name, partition)}
    if begins_with is not None:
        if not rest or types[rest[0]] != "S":
            raise KeyTextError(what, key_text(types), "--begins-with needs a sort key of text")
        condition += " AND begins_with(#s, :s)"
        names["#s"], values[":s"] = rest[0], _value(what, types, rest[0], begins_with)
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def key_text(types: Mapping[str, str]) -> str:
    """The key for people: `pk (S), sk (S)`."""
    return ", ".join(f"{name} ({kind})" for name, kind in types.items())


def _value(what: str, types: Mapping[str, str], name: str, word: str) -> dict[str, str]:
    kind = types[name]
    if not _is_of(kind, word):
        raise KeyTextError(what, key_text(types), f"the value for {name} is not {_FORMS[kind]}")
    return {kind: word}


def _is_of(kind: str, word: str) -> bool:
    if kind == "N":
        return _NUMBER.fullmatch(word) is not None
    try:
        if kind == "B":
            base64.b64decode(word, validate=True)
        word.encode()
    except (binascii.Error, ValueError):  # an argument that is not UTF-8 is no text either
        return False
    return bool(word)
