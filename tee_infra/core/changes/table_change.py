"""What a change of a table means for its data and its readers.

Facts of the real provider (pulumi-aws 7.51, which carries terraform-provider-aws 6): which changes replace a table,
which rebuild an index, and which the engine reports as done although AWS was never asked.
"""

import re
from typing import Final, Literal

from tee_infra.core.changes.engine_run import Change
from tee_infra.core.cost.resource import TABLE, Inputs

ChangeClass = Literal["breaking", "silent", "index-rebuild", "safe"]
"""From worst to best; a change that is of several is of the worst."""

MEANING: Final[dict[ChangeClass, str]] = {
    "breaking": "The table goes, and all its items with it. To keep them, copy them before (prod: into a new slot).",
    "silent": "AWS never hears of it: the engine reports success, and the table stays as it is.",
    "index-rebuild": "The index is built from all items; until then, queries on it fail or miss items.",
    "safe": "In place; items and indexes stay.",
}
NEW_STREAM: Final = "The stream gets another ARN, and its readers must follow."

_INDEX: Final = re.compile(r"globalSecondaryIndexes(\[\d+\])?(\.(?P<property>\w+))?")
_INDEX_LIMITS: Final = ("readCapacity", "writeCapacity", "onDemandThroughput", "warmThroughput")
"""What an index is allowed to use changes without a rebuild."""
_BY_NAME: Final = {"attributes": ("type",), "localSecondaryIndexes": ("projectionType", "nonKeyAttributes")}


def change_class(change: Change) -> ChangeClass | None:
    """The worst class of a table's change. None for what is no table."""
    return next(iter(change_classes(change)), None)


def change_classes(change: Change) -> tuple[ChangeClass, ...]:
    """Every class that a table's change is of, the worst first: by its operation, and by the paths that differ."""
    if change.type != TABLE:
        return ()
    if change.destroys:
        return ("breaking",)
    found: list[ChangeClass] = []
    rebuilds = any(_rebuilds(path) for path in change.differences)
    if any(_overlooked(path, kind, rebuilds) for path, kind in change.differences.items()):
        found.append("silent")
    if rebuilds:
        found.append("index-rebuild")
    return tuple(found) or ("safe",)


def renews_stream(change: Change) -> bool:
    """Whether the table gets another stream, in place as the change of the table is."""
    return any(path.startswith("stream") for path in change.differences)


def ignored_paths(old: Inputs, new: Inputs) -> tuple[str, ...]:
    """What a program says anew about a table although the provider never acts on it, as paths into `new`.

    The provider tells key attributes and local indexes apart by name alone, and reads a time to live that is not
    mentioned as one that stays. The engine then shows no difference at all: only the inputs do.
    """
    found: list[str] = []
    for block, aspects in _BY_NAME.items():
        before = {element["name"]: element for element in _elements(old, block)}
        for place, element in enumerate(_elements(new, block)):
            was = before.get(element["name"], element)
            found += [f"{block}[{place}].{aspect}" for aspect in aspects if element.get(aspect) != was.get(aspect)]
    if "ttl" in old and "ttl" not in new:
        found.append("ttl")
    return tuple(found)


def _elements(inputs: Inputs, block: str) -> list[Inputs]:
    """The elements of a block that have a name; one that is unknown or secret is a string instead of a list."""
    value = inputs.get(block)
    elements = value if isinstance(value, list) else []
    return [element for element in elements if isinstance(element, dict) and "name" in element]


def _rebuilds(path: str) -> bool:
    """Whether an index comes, goes, or gets other keys or another projection."""
    found = _INDEX.match(path)
    return found is not None and found["property"] not in _INDEX_LIMITS


def _overlooked(path: str, kind: str, rebuilds: bool) -> bool:
    """Whether nothing comes of it. A key attribute comes and goes with its index; alone, it is another type."""
    if path.startswith("attributes"):
        return path.endswith(".type") or not rebuilds
    return path.startswith("localSecondaryIndexes") or (path == "ttl" and kind == "delete")
