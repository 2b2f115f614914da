"""Destroy one feature environment, or resume an interrupted destroy."""

from dataclasses import dataclass
from datetime import datetime

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.environments import parse_environment
from tee_infra.core.lifecycle.destroy_transitions import begun, failed, finished
from tee_infra.core.lifecycle.lock import LockLostError
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.errors import RefusedError
from tee_infra.workflows.control.environment_lock import LockHandle
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.features.destroy_steps import (
    Destruction,
    back_up,
    break_locks,
    destroy_stack,
    forget_stack,
    respect_protection,
    sweep,
)
from tee_infra.workflows.session.checkout import NAME


@dataclass(frozen=True, kw_only=True)
class Destroyed:
    """The tombstone, the number of resources that the engine `deleted`, and the deleted leftovers (kind and name)."""

    record: FeatureRecord
    deleted: int
    swept: tuple[str, ...]


def destroy_feature(context: FeatureContext, record: FeatureRecord, now: datetime, *, held: LockHandle) -> Destroyed:
    """Destroy the environment of `record`, also after an interrupted run. The caller holds the environment's lock.

    Raises `RecordChangedError` before the first change if another run wrote the record. A refusal
    (`DeletionProtectedError`, `UnreadableStateError`, `ProtectedError`) leaves the record unchanged; any other failure
    (`EngineError`, `StackLockedError`, `LeftoversError`, `AwsError`) counts towards quarantine. After `LockLostError`
    nothing else is written.
    """
    leftovers = Leftovers.connect(context.connection, NAME)
    environment = parse_environment(record.environment)
    work = Destruction(context=context, record=record, environment=environment, leftovers=leftovers, held=held, now=now)
    with recorded(context.control, context.actor, record.environment, "destroy") as details:
        destroying = context.control.write(begun(record))
        try:
            break_locks(work)
            checkpoint = back_up(work)
            respect_protection(work)
            deleted = destroy_stack(work, checkpoint)
            swept = sweep(work)
            forget_stack(work)
        except LockLostError:
            raise
        except RefusedError:
            context.control.write(destroying.with_changes(state=record.state))
            raise
        except Exception as error:
            _count(work, failed(destroying, str(error) or type(error).__name__, now))
            raise
        details += [f"the engine deleted {deleted}", *(f"deleted leftover {name}" for name in swept)]
        tombstone = context.control.write(finished(destroying, now))
    return Destroyed(record=tombstone, deleted=deleted, swept=tuple(swept))


def _count(work: Destruction, after: FeatureRecord) -> None:
    work.context.control.write(after)
    if after.state == "quarantined":
        work.say(
            f"QUARANTINED after {after.failures} failed destroys, the last one: {after.problem}. Cleanup skips it, and "
            f"it still costs money. Run: tee-infra repair {after.environment}"
        )
