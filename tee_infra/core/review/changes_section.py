"""The changes in a review comment: resources, changed properties, and the impact on tables."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from tee_infra.core.changes.blocked import blocked
from tee_infra.core.changes.engine_run import Change, EngineRun, Operation
from tee_infra.core.changes.table_change import IMPACT, NEW_STREAM, ChangeClass, change_classes, replaces_stream
from tee_infra.core.review.markdown import Block, code, row, table

FOLDED_FROM: Final = 10
"""Tables of created or completed resources with more rows than this are folded."""
MAX_PATHS: Final = 8
MAX_ROWS: Final = 1000
"""More rows than this never fit into a comment."""

_SIGNS: Final[dict[Operation, str]] = {
    "delete": "🗑️&nbsp;delete",
    "replace": "♻️&nbsp;replace",
    "update": "✏️&nbsp;update",
    "create": "🆕&nbsp;create",
}
_COLORS: Final[dict[ChangeClass, str]] = {"breaking": "🔴", "silent": "🟠", "index-rebuild": "🟡", "safe": "🟢"}
_KINDS: Final = {"add": " (new)", "delete": " (removed)"}


def change_blocks(run: EngineRun) -> list[Block]:
    """Every change in a table: deleted or replaced, updated, created; then the impact on DynamoDB tables."""
    updated = [change for change in run.changes if change.operation == "update"]
    created = [change for change in run.changes if change.operation == "create"]
    refused = blocked(run)

    def destroyed(change: Change) -> list[str]:
        *cells, reason = _destroyed(change)
        return [*cells, f"⛔&nbsp;blocked: {reason}" if change.urn in refused else reason]

    return _with_rows(
        _changes("Deleted or replaced", ("", "Resource", "Type", "Reason"), run.destructive, destroyed),
        _changes("Updated in place", ("Resource", "Type", "Properties"), updated, _updated),
        _changes("Created", ("Resource", "Type"), created, _resource, folds=True),
        _meanings(run),
    )


def outcome_blocks(run: EngineRun) -> list[Block]:
    """The changes that a failed `up` had started, and those it had completed."""
    done = [change for change in run.changes if change.outcome == "done"]
    begun = [change for change in run.changes if change.outcome == "begun"]
    headings = ("", "Resource", "Type")
    return _with_rows(
        _changes("Started, may be incomplete", headings, begun, _operation),
        _changes("Completed before the failure", headings, done, _operation, folds=True),
    )


def names(changes: Iterable[Change], limit: int = 5) -> str:
    """The first few names, for a sentence."""
    found = _sorted(changes)
    shown = [code(change.name, 100) for change in found[:limit]]
    return ", ".join([*shown, f"and {len(found) - limit:,} more"] if len(found) > limit else shown)


def _with_rows(*blocks: Block) -> list[Block]:
    return [block for block in blocks if block.rows]


def _changes(
    title: str,
    headings: Sequence[str],
    changes: Iterable[Change],
    cells: Callable[[Change], list[str]],
    *,
    folds: bool = False,
) -> Block:
    found = _sorted(changes)
    rows = [row(cells(change)) for change in found[:MAX_ROWS]]
    if folds and len(found) > FOLDED_FROM:
        summary = f"<details><summary><b>{title}</b>: {len(found):,} resources</summary>"
        return table([summary], headings, rows, total=len(found), tail=["", "</details>"])
    return table([f"#### {title}"], headings, rows, total=len(found))


def _sorted(changes: Iterable[Change]) -> list[Change]:
    """In a fixed order: the engine works in parallel and reports changes in a different order each time."""
    return sorted(changes, key=lambda change: (change.type, change.name, change.urn))


def _destroyed(change: Change) -> list[str]:
    """The reason is the properties that force the replacement."""
    forced = {path: "update" for path, kind in change.differences.items() if kind.endswith("-replace")}
    reason = "removed from the program" if change.operation == "delete" else _paths(forced)
    return [*_operation(change), reason]


def _updated(change: Change) -> list[str]:
    return [*_resource(change), _paths(change.differences)]


def _operation(change: Change) -> list[str]:
    return [_SIGNS[change.operation], *_resource(change)]


def _resource(change: Change) -> list[str]:
    return [code(change.name), _short_type(change.type)]


def _short_type(type_: str) -> str:
    """`aws:dynamodb/table:Table` in short: `dynamodb Table`."""
    known = re.fullmatch(r"aws:(?P<service>[A-Za-z0-9]+)/[A-Za-z0-9]+:(?P<name>[A-Za-z0-9]+)", type_)
    return f"{known['service']}&nbsp;{known['name']}" if known else code(type_, 100)


def _paths(differences: Mapping[str, str]) -> str:
    """Property paths, never their values."""
    shown = [f"{code(path, 100)}{_KINDS.get(differences[path], '')}" for path in sorted(differences)[:MAX_PATHS]]
    left = len(differences) - len(shown)
    return ", ".join([*shown, f"and {left:,} more"] if left else shown)


def _meanings(run: EngineRun) -> Block:
    """A row for each table and class, the worst first, and none for new tables."""
    found: list[tuple[int, str, str]] = []
    worst = list(IMPACT)
    # An ignored change is listed with its paths below, and not a second time as a change.
    ignored = {entry.urn for entry in run.ignored}
    for change in run.changes:
        classes = change_classes(change) if change.operation != "create" else ()
        listed: list[ChangeClass] = [each for each in classes if each != "silent" or change.urn not in ignored]
        found += [(worst.index(each), change.name, _meaning(each, change)) for each in listed]
    for entry in run.ignored:
        paths = _paths(dict.fromkeys(entry.paths, "update"))
        found.append((worst.index("silent"), entry.name, f"{paths}: {IMPACT['silent']}"))
    shown = [row([code(name), _class(worst[place]), text]) for place, name, text in sorted(found)[:MAX_ROWS]]
    return table(["#### Impact on tables"], ("Table", "Class", "Impact"), shown, total=len(found))


def _meaning(class_: ChangeClass, change: Change) -> str:
    return f"{IMPACT[class_]} {NEW_STREAM}" if class_ == "safe" and replaces_stream(change) else IMPACT[class_]


def _class(class_: ChangeClass) -> str:
    return f"{_COLORS[class_]}&nbsp;{class_.replace('-', '&#8209;')}"
