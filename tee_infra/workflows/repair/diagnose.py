"""Diagnose an environment: locks, stack locks, state, and an unfinished create or destroy."""

import shlex
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from tee_infra.aws.control_locks import LOCKS
from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.cleanup.leftovers import label
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.names import CONTROL_TABLE
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.integrity import Integrity
from tee_infra.core.tags import StackTags
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.repair.subject import RepairSubject
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import stack_locks, torn_mark

Kind = Literal[
    "lock", "stack-lock", "mark", "state", "doubled", "lost", "forgotten", "pending", "quarantine", "unfinished"
]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem. `cure`: the action of repair, or without `mends`, the action for a person."""

    kind: Kind
    found: str
    cure: str
    mends: bool


_MOST: Final = 5
_REPAIR_ENTRIES: Final = (
    "remove repeated entries and references to missing ones from the state, then adopt the missing resources from AWS; "
    "no resource is changed"
)


def diagnose(subject: RepairSubject) -> list[Finding]:
    """The problems, in the order of their repair. Changes nothing. Raises `AwsError`."""
    locks = [*_lock(subject), *_stack_locks(subject)]
    if any(not finding.mends for finding in locks):
        return locks  # another run is active, and other findings may be its intermediate states
    unfinished = _unfinished(subject.record) if subject.record else []
    return [*locks, *_state(subject), *unfinished]


def _lock(subject: RepairSubject) -> list[Finding]:
    """The lock of another run on a feature environment."""
    context = subject.context
    lock = held_locks(context.locks).get(subject.environment.name) if context else None
    if isinstance(lock, Unreadable):
        item = f'table {CONTROL_TABLE}, pk "{LOCKS}", sk "{subject.environment.name}"'
        cure = f"make sure that no run changes it, then delete the item of its lock: {item}"
        return [Finding(kind="lock", found=lock.reason, cure=cure, mends=False)]
    if context is None or lock is None or lock.holder == context.actor.describe():
        return []
    found = f"locked by {lock.holder} ({lock.purpose})"
    return [Finding(kind="lock", found=found, cure="wait for that run to end, then run repair again", mends=False)]


def _stack_locks(subject: RepairSubject) -> list[Finding]:
    if subject.state is None:
        return []
    found: list[Finding] = []
    locks = stack_locks(subject.state, subject.environment.name, datetime.now(UTC), alone=subject.alone)
    for name, lock in locks.items():
        since = f" since {render_time(lock.since)}" if lock.since else ""
        told = f"stack locked by {lock.holder}{since}"
        if lock.breakable:
            found.append(
                Finding(
                    kind="stack-lock",
                    found=f"{told}, but that run has ended",
                    cure="remove the stale stack lock",
                    mends=True,
                )
            )
        else:
            cure = f"wait for that run; if it has certainly ended, delete {subject.state.location}/{name}"
            found.append(Finding(kind="stack-lock", found=f"{told}; that run may be active", cure=cure, mends=False))
    return found


def _state(subject: RepairSubject) -> list[Finding]:
    if subject.state is None:
        return []
    checkpoint = subject.checkpoint() or Checkpoint(resources=0)
    if isinstance(checkpoint, Unreadable):
        return [Finding(kind="state", found=checkpoint.reason, cure=_how_to_restore(subject), mends=True)]
    integrity = subject.integrity()
    if integrity and integrity.problems:
        found = f"the engine refuses the state: {'; '.join(integrity.problems[:_MOST])}"
        cure = _how_to_restore(subject) if integrity.sound is None else _REPAIR_ENTRIES
        return [Finding(kind="state", found=found, cure=cure, mends=True)]
    if subject.alone and torn_mark(subject.state, subject.environment.name):
        found = "a run was killed while it wrote the state, and left a torn .attrs file that the engine cannot read"
        return [Finding(kind="mark", found=found, cure="delete that file; the state itself is complete", mends=True)]
    doubled = _doubled(integrity)
    if checkpoint.pending:
        found = f"a run was killed while it created {', '.join(checkpoint.pending)}"
        cure = "adopt each resource that exists in AWS"
        return [*doubled, Finding(kind="pending", found=found, cure=cure, mends=True)]
    return [*doubled, *_forgotten(subject, integrity.ids if checkpoint.resources and integrity else frozenset())]


def _doubled(integrity: Integrity | None) -> list[Finding]:
    """A finding for each resource of AWS, so that one that cannot be decided leaves the others."""
    return [
        Finding(
            kind="doubled",
            found=f"the state has one resource of AWS twice: {' and '.join(group)}",
            cure="take the entry that the program does not have out of the state; the resource is not changed",
            mends=True,
        )
        for group in (integrity.doubled if integrity else ())
    ]


def _forgotten(subject: RepairSubject, ids: Collection[str]) -> list[Finding]:
    """Resources in AWS with the environment's tags that the state does not have, but the program does."""
    if subject.is_going:
        return []
    there = Leftovers.connect(subject.opened.connection, NAME).find(subject.environment)
    own = [r for r in there if isinstance(r.tags, StackTags) and r.tags.environment == subject.environment]
    own = [resource for resource in own if resource.name not in ids and resource.arn not in ids]
    if not own:
        return []
    if ids:
        planned = subject.opened.stack.planned_ids(subject.opened.target.account_id, subject.opened.settings.region)
        own = [resource for resource in own if planned & {resource.name, resource.arn}]
        found = f"the state has no entry for {', '.join(label(resource) for resource in own)}, which AWS has"
        cure = "adopt each of them; no resource is changed"
        return [Finding(kind="forgotten", found=found, cure=cure, mends=True)] if own else []
    found = f"the state is empty, but AWS has {', '.join(label(resource) for resource in own)}"
    return [Finding(kind="lost", found=found, cure=_how_to_restore(subject), mends=True)]


def _how_to_restore(subject: RepairSubject) -> str:
    backup = subject.newest_backup()
    first = f"restore the newest backup ({backup})" if backup else "move the state aside, as no backup is readable"
    return first if subject.is_going else f"{first}, then adopt its resources in AWS; no resource is changed"


def _unfinished(record: FeatureRecord) -> list[Finding]:
    match record.state:
        case "quarantined":
            found = f"quarantined after {record.failures} failed destroys: {record.problem}"
            cure = "check the obstacles, and if there are none, lift the quarantine"
            return [Finding(kind="quarantine", found=found, cure=cure, mends=True)]
        case "creating":
            cure = f"tee-infra feature create --branch {shlex.quote(record.branch)}"
            return [Finding(kind="unfinished", found="an interrupted create", cure=cure, mends=False)]
        case "destroying":
            cure = f"tee-infra feature destroy {record.environment}"
            return [Finding(kind="unfinished", found="an interrupted destroy", cure=cure, mends=False)]
        case _:
            return []
