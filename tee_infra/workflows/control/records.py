"""Read and change the records of feature environments; concurrent changes are retried."""

from collections.abc import Callable
from typing import Final

from tee_infra.aws.control_table import ControlTable, RecordChangedError
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.lifecycle.transitions import GoneError
from tee_infra.core.names import FEATURE_PREFIX
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, UsageError

_TRIES: Final = 5


class UnregisteredError(UsageError):
    """A feature environment without a registry record and without a stack file."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: no such feature environment, and no Pulumi.{environment}.yaml",
            next="To create it from its branch: tee-infra feature create --branch "
            f"feature/{environment.removeprefix(FEATURE_PREFIX)}",
        )


class UnreadableRecordError(RefusedError):
    """The registry record of an environment cannot be read, so the environment is not changed."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}. Nothing was changed", next=f"To diagnose it: tee-infra repair {environment}"
        )


def find_record(control: ControlTable, environment: str) -> FeatureRecord | None:
    """The record of an environment, None without one. Raises `UnreadableRecordError`."""
    found = control.record(environment)
    if isinstance(found, Unreadable):
        raise UnreadableRecordError(environment, found.reason)
    return found


def require_record(control: ControlTable, environment: str) -> FeatureRecord:
    """The record of an environment, tombstones too. Raises `UnregisteredError`, `UnreadableRecordError`."""
    found = find_record(control, environment)
    if found is None:
        raise UnregisteredError(environment)
    return found


def require_live(control: ControlTable, environment: str) -> FeatureRecord:
    """The record of a live environment. Raises as `require_record` does, and `GoneError` for a tombstone."""
    record = require_record(control, environment)
    if not record.live:
        raise GoneError(record)
    return record


def change_record(
    control: ControlTable, environment: str, change: Callable[[FeatureRecord], FeatureRecord]
) -> FeatureRecord:
    """Write `change` of the current record, with retries after concurrent writes.

    `change` is called again with each newer record; an unchanged record is not written. Raises as `require_record` and
    `change` do, and `RecordChangedError` after too many concurrent writes.
    """
    for _ in range(_TRIES):
        found = require_record(control, environment)
        after = change(found)
        if after == found:
            return found
        try:
            return control.write(after)
        except RecordChangedError:
            continue
    raise RecordChangedError(environment)
