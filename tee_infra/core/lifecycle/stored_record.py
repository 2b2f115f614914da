"""Read a stored record strictly: one that contradicts itself could end a lease early, so it is unreadable instead."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.names import FEATURE_PREFIX, feature_environment
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import UsageError

_ALWAYS_WRITTEN: Final = frozenset(
    name for name, field in FeatureRecord.model_fields.items() if not field.is_required() and field.default is not None
)
"""Members that have a default and are never left out: a record without one has lost it. A later member is None by
default, so that older records stay readable."""

_AFTER_DESTROY: Final = ("destroyed", "destroying", "quarantined")
"""A tombstone's states, also while its leftovers are deleted."""


def read_record(item: Mapping[str, Any]) -> FeatureRecord | Unreadable:
    """The record in an item of the control table: members `sk` (the environment), `version` and `record`."""
    fields = item.get("record")
    try:
        record = FeatureRecord.model_validate(fields)
    except ValidationError as error:
        return _unreadable(first_problem(error, "record"))
    except (ArithmeticError, RecursionError) as error:
        return _unreadable(f"record: {error}")
    problem = _contradiction(record, item, fields if isinstance(fields, dict) else {})
    return _unreadable(problem) if problem else record


def first_problem(error: ValidationError, whole: str) -> str:
    """The first problem: its place and its message."""
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or whole}: {first['msg']}"


def _contradiction(record: FeatureRecord, item: Mapping[str, Any], fields: Mapping[str, Any]) -> str | None:
    """The first thing that this program never writes."""
    version = item.get("version")
    lost = sorted(_ALWAYS_WRITTEN - fields.keys())
    nulls = sorted(name for name, value in fields.items() if value is None)
    problems: dict[str, object] = {
        f"environment: it is of environment {record.environment!r}": record.environment != item.get("sk"),
        f"version: it is {record.version}, but its item has version {version!r}": (
            type(version) is not int or record.version != version
        ),
        f"{', '.join(lost)}: missing": lost,
        f"{', '.join(nulls)}: NULL": nulls,
        "last_activity: before created_at": record.last_activity < record.created_at,
        f"destroyed_at: contradicts the state {record.state!r}": (
            record.state not in _AFTER_DESTROY if record.destroyed_at else record.state == "destroyed"
        ),
        f"branch: {record.branch!r} belongs to another environment": _belongs_elsewhere(record),
    }
    return next((problem for problem, holds in problems.items() if holds), None)


def _belongs_elsewhere(record: FeatureRecord) -> bool:
    if not record.environment.startswith(FEATURE_PREFIX):
        return False  # such a name is refused for what it is
    try:
        return feature_environment(record.branch, record.repository) != record.environment
    except UsageError:
        return True


def _unreadable(problem: str) -> Unreadable:
    return Unreadable(reason=f"its registry record cannot be read: {problem}")
