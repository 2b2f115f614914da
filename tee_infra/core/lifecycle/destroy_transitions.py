"""How an environment ends: what its record says when its time is cut short, it is marked, goes, resists, is gone."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tee_infra.core.lifecycle.record import MAX_FAILURES, FeatureRecord

FIRST_WAIT: Final = timedelta(minutes=30)
"""After the first failure; each further one doubles it. Five failures take eight hours to quarantine."""
_ALIVE: Final = ("creating", "active", "marked")
_PROBLEM_LENGTH: Final = 1000


def marked(record: FeatureRecord, lease_end: datetime, now: datetime) -> FeatureRecord:
    """Chosen to be destroyed: `marked_at` keeps the first time since the lease ended, from which a grace runs.

    One whose destroy has begun, or is done, stays what it is.
    """
    if record.state not in _ALIVE:
        return record
    known = record.marked_at if record.marked_at and record.marked_at >= lease_end else None
    return record.changed(state="marked", marked_at=known or now)


def shortened(record: FeatureRecord, until: datetime) -> FeatureRecord:
    """Its lease ends at `until`, or earlier as before: what a closed pull request does. The next activity lifts it."""
    if record.state not in _ALIVE or record.expires_at <= until:
        return record
    return record.changed(not_after=until)


def begun(record: FeatureRecord) -> FeatureRecord:
    """Being destroyed. Whatever ends the run here, the next one goes on."""
    return record.changed(state="destroying")


def failed(record: FeatureRecord, problem: str, now: datetime) -> FeatureRecord:
    """After one more failure: when to try again, or, after `MAX_FAILURES`, quarantined until a person has looked."""
    failures = record.failures + 1
    return record.changed(
        state="quarantined" if failures >= MAX_FAILURES else "destroying",
        failures=failures,
        retry_at=now + FIRST_WAIT * 2 ** (failures - 1),
        problem=problem[:_PROBLEM_LENGTH],
    )


def lifted(record: FeatureRecord) -> FeatureRecord:
    """Out of quarantine: cleanup goes on with the destroy."""
    return record.changed(state="destroying", failures=0, retry_at=None, problem="")


def finished(record: FeatureRecord, now: datetime) -> FeatureRecord:
    """The tombstone. Only an explicit create makes the environment live again."""
    return record.changed(
        state="destroyed", destroyed_at=now, marked_at=None, hold=None, failures=0, retry_at=None, problem=""
    )


def copy_of_checkpoint(environment: str, now: datetime) -> str:
    """Where the checkpoint of an environment is kept that is about to be destroyed, in the engine's `.pulumi` folder.

    The engine looks into `stacks`, `locks`, `history` and `backups` alone, and removes a stack's history with it.
    """
    return f"destroyed/{environment}/{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
