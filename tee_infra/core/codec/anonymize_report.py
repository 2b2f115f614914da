"""The effect of anonymizing a table, by shapes: attribute names, types and counts, never values."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tee_infra.core.codec.anonymizer import KEPT_UNDECLARED, Rule, decode, refusal, rules_of
from tee_infra.core.codec.raw_items import RawItem
from tee_infra.core.tables.catalog import Table


@dataclass(frozen=True)
class AttributeReport:
    """One attribute: the description `becomes` of its replacement, and how many sampled items have each type in `seen`.

    `refused` are the types for which a copy would stop, because they are unclassified.
    """

    attribute: str
    becomes: str
    seen: dict[str, int]
    refused: tuple[str, ...]


def report_attributes(table: Table, items: Iterable[RawItem]) -> list[AttributeReport]:
    """Every attribute of the catalog and of the sampled items, in that order."""
    rules = rules_of(table)
    seen: dict[str, Counter[str]] = {name: Counter() for name in rules}
    refused: dict[str, set[str]] = {}
    for item in items:
        for name, value in decode(item).items():
            seen.setdefault(name, Counter()).update(value.keys())
            if (held := refusal(rules.get(name), value)) is not None:
                refused.setdefault(name, set()).add(held)
    return [
        AttributeReport(
            name, _becomes(rules.get(name), name in refused), dict(types), tuple(sorted(refused.get(name, ())))
        )
        for name, types in seen.items()
    ]


def _becomes(rule: Rule | None, refused: bool) -> str:
    if refused:
        return "refused: not in the catalog" if rule is None else "refused: not as the catalog declares it"
    return KEPT_UNDECLARED if rule is None else rule.becomes
