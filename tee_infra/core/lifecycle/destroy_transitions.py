"""The changes of a record as its environment ends: lease cut short, marked, destroying, failed, destroyed."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tee_infra.core.lifecycle.record import MAX_FAILURES, FeatureRecord

FIRST_WAIT: Final = timedelta(minutes=30)
"""The wait after the first failure; each further one doubles it. Five failures reach quarantine in eight hours."""
_ALIVE: Final = ("creating", "active", "marked")
_PROBLEM_LENGTH: Final = 1000


def marked(record: FeatureRecord, lease_end: datetime, now: datetime) -> FeatureRecord:
    """Marked to be destroyed: `marked_at` keeps the first time since the lease ended, from which a grace is counted.

    A record whose destroy has started or finished is not changed.
    """
    if record.state not in _ALIVE:
        return record
    known = record.marked_at if record.marked_at and record.marked_at >= lease_end else None
    return record.with_changes(state="marked", marked_at=known or now)


def shortened(record: FeatureRecord, until: datetime) -> FeatureRecord:
    """Cut the lease to `until` at most, as for a closed pull request. The next activity lifts the cut."""
    if record.state not in _ALIVE or record.expires_at <= until:
        return record
    return record.with_changes(not_after=until)


def begun(record: FeatureRecord) -> FeatureRecord:
    """Being destroyed. If the run ends here, the next one resumes the destroy."""
    return record.with_changes(state="destroying")


def failed(record: FeatureRecord, problem: str, now: datetime) -> FeatureRecord:
    """After one more failure: the time of the next retry, or, after `MAX_FAILURES`, quarantine until a person looks."""
    failures = record.failures + 1
    return record.with_changes(
        state="quarantined" if failures >= MAX_FAILURES else "destroying",
        failures=failures,
        retry_at=now + FIRST_WAIT * 2 ** (failures - 1),
        problem=problem[:_PROBLEM_LENGTH],
    )


def lifted(record: FeatureRecord) -> FeatureRecord:
    """Out of quarantine: cleanup resumes the destroy."""
    return record.with_changes(state="destroying", failures=0, retry_at=None, problem="")


def finished(record: FeatureRecord, now: datetime) -> FeatureRecord:
    """The tombstone. Only an explicit create starts a new life of the environment."""
    return record.with_changes(
        state="destroyed", destroyed_at=now, marked_at=None, hold=None, failures=0, retry_at=None, problem=""
    )


def copy_of_checkpoint(environment: str, now: datetime) -> str:
    """The path of the copy of a checkpoint that is made before a destroy, in the engine's `.pulumi` folder.

    The engine reads only `stacks`, `locks`, `history` and `backups`, and removes a stack's history with the stack.
    """
    return f"destroyed/{environment}/{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
