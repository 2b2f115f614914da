"""The impact of a table's change on its data and its readers.

Facts of the real provider (pulumi-aws 7.51, which carries terraform-provider-aws 6): which changes replace a table,
which rebuild an index, and which the engine reports as done although no request was sent to AWS.
"""

import re
from typing import Final, Literal

from tee_infra.core.changes.engine_run import Change, EngineRun
from tee_infra.core.cost.resource import TABLE, Inputs
from tee_infra.core.tables.catalog import TABLES

ChangeClass = Literal["breaking", "silent", "index-rebuild", "safe"]
"""From worst to best; a change of several classes counts as the worst."""

IMPACT: Final[dict[ChangeClass, str]] = {
    "breaking": "The table is deleted with all its items. To keep them, copy them first (prod: into a new slot).",
    "silent": "Not sent to AWS: the engine reports success, but the table is not changed.",
    "index-rebuild": "The index is rebuilt from all items; until it is complete, queries on it fail or miss items.",
    "safe": "Updated in place; items and indexes are kept.",
}
NEW_STREAM: Final = "The stream gets a new ARN; its readers must be updated."

_INDEX: Final = re.compile(r"globalSecondaryIndexes(\[\d+\])?(\.(?P<property>\w+))?")
_INDEX_LIMITS: Final = ("readCapacity", "writeCapacity", "onDemandThroughput", "warmThroughput")
"""An index's throughput changes without a rebuild."""
_BY_NAME: Final = {"attributes": ("type",), "localSecondaryIndexes": ("projectionType", "nonKeyAttributes")}


def change_class(change: Change) -> ChangeClass | None:
    """The worst class of a table's change. None for other resources."""
    return next(iter(change_classes(change)), None)


def change_classes(change: Change) -> tuple[ChangeClass, ...]:
    """All classes of a table's change, the worst first, by its operation and the differing paths."""
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


def replaced_tables(run: EngineRun) -> list[str]:
    """The catalog's names of the tables that a run has replaced, and which are empty since."""
    replaced = [change.name for change in run.changes if change.type == TABLE and change.operation == "replace"]
    return [table.name for table in TABLES if any(name.endswith(table.name) for name in replaced)]


def replaces_stream(change: Change) -> bool:
    """Whether an update in place gives the table another stream."""
    return any(path.startswith("stream") for path in change.differences)


def ignored_paths(old: Inputs, new: Inputs) -> tuple[str, ...]:
    """The changed inputs of a table that the provider ignores, as paths into `new`.

    The provider compares key attributes and local indexes by name only, and keeps a time to live that is no longer
    mentioned. The engine then reports no difference at all: only the inputs show it.
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
    """Whether an index is added, removed, or gets other keys or another projection."""
    found = _INDEX.match(path)
    return found is not None and found["property"] not in _INDEX_LIMITS


def _overlooked(path: str, kind: str, rebuilds: bool) -> bool:
    """Whether the change has no effect. A key attribute is added and removed with its index; otherwise only its type
    changed."""
    if path.startswith("attributes"):
        return path.endswith(".type") or not rebuilds
    return path.startswith("localSecondaryIndexes") or (path == "ttl" and kind == "delete")
