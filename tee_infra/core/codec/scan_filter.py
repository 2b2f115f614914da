"""`--where`: conditions on attributes, as members of a Scan request."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tee_infra.errors import UsageError

_CONDITION: Final = re.compile(r"\s*([\w.#-]+)\s*(=|<>|<=|>=|<|>|begins_with)\s*(.+?)\s*", re.DOTALL)


class ScanFilterError(UsageError):
    """A condition that cannot be parsed."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"--where {text!r} is not a condition. Write ATTRIBUTE OPERATOR VALUE with one of "
            "= <> < <= > >= begins_with, e.g. 'status = \"booked\"' or 'attempts > 3'"
        )


@dataclass(frozen=True)
class ScanFilter:
    """Conditions that must all hold: `text` for people and checkpoints, `members` for the request."""

    text: str = ""
    members: dict[str, Any] = field(default_factory=dict[str, Any])


def parse_scan_filter(conditions: Sequence[str]) -> ScanFilter:
    """Parse conditions. A value is JSON: a number, true or false, otherwise a string, with or without quotes.

    Raises `ScanFilterError`.
    """
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    clauses: list[str] = []
    for index, text in enumerate(conditions):
        if not (match := _CONDITION.fullmatch(text)):
            raise ScanFilterError(text)
        name, operator, value = match.groups()
        names[f"#w{index}"] = name
        values[f":w{index}"] = _attribute_value(value)
        begins = operator == "begins_with"
        clauses.append(f"begins_with(#w{index}, :w{index})" if begins else f"#w{index} {operator} :w{index}")
    if not clauses:
        return ScanFilter()
    members = {
        "FilterExpression": " AND ".join(clauses),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return ScanFilter(" and ".join(conditions), members)


def _attribute_value(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=_Number, parse_int=_Number)
    except (ValueError, RecursionError):
        return {"S": text}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, _Number):
        return {"N": str(value)}
    return {"S": value if isinstance(value, str) else text}


class _Number(str):
    __slots__ = ()
