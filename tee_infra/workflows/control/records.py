"""Records of feature environments: found for whoever names one, and changed when nobody else did meanwhile."""

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
    """A feature environment that nobody has made, and that has no stack file either."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        super().__init__(
            f"there is no feature environment {environment}, and no Pulumi.{environment}.yaml",
            next="Make it from its branch: "
            f"tee-infra feature create --branch feature/{environment.removeprefix(FEATURE_PREFIX)}",
        )


class UnreadableRecordError(RefusedError):
    """The registry's record of an environment says nothing certain, so nothing is done to it."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"{environment}: {reason}; nothing was changed", next=f"Put it right: tee-infra repair {environment}"
        )


def find_record(control: ControlTable, environment: str) -> FeatureRecord | None:
    """The record of an environment, None where there never was one. Raises `UnreadableRecordError`."""
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
    """The record of an environment that is there. Raises as `require_record` does, and `GoneError` for a tombstone."""
    record = require_record(control, environment)
    if not record.live:
        raise GoneError(record)
    return record


def change_record(
    control: ControlTable, environment: str, change: Callable[[FeatureRecord], FeatureRecord]
) -> FeatureRecord:
    """Write what `change` makes of the record as it is now, also when others write at the same time.

    `change` may be called again, with what they wrote, and a record that it returns as it was is not written. Raises
    as `require_record` and `change` do, and `RecordChangedError` when others were faster every time.
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
