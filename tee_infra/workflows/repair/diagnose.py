"""What is wrong with an environment: its stack's locks, its state, and a create or destroy that never ended."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.cleanup.leftovers import label
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.tags import StackTags
from tee_infra.core.times import render_time
from tee_infra.core.unreadable import Unreadable
from tee_infra.workflows.control.environment_lock import held_locks
from tee_infra.workflows.repair.subject import RepairSubject
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import stack_locks, torn_mark

Kind = Literal["lock", "stack-lock", "mark", "state", "lost", "pending", "quarantine", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong. `cure` is what repair does about it, or where it does not (`mends`), what a person can do."""

    kind: Kind
    found: str
    cure: str
    mends: bool


def diagnose(subject: RepairSubject) -> list[Finding]:
    """What is wrong, in the order in which it is mended. Changes nothing. Raises `AwsError`."""
    locks = [*_lock(subject), *_stack_locks(subject)]
    if any(not finding.mends for finding in locks):
        return locks  # somebody is at work, and whatever else looks wrong may be half done
    unfinished = _unfinished(subject.record) if subject.record else []
    return [*locks, *_state(subject), *unfinished]


def _lock(subject: RepairSubject) -> list[Finding]:
    """Who is changing a feature environment, unless that is this process, which is mending it."""
    context = subject.context
    lock = held_locks(context.locks).get(subject.environment.name) if context else None
    if context is None or lock is None or lock.holder == context.actor.describe():
        return []
    found = f"{lock.holder} is changing it ({lock.purpose})"
    return [Finding(kind="lock", found=found, cure="wait for that, and look again", mends=False)]


def _stack_locks(subject: RepairSubject) -> list[Finding]:
    if subject.state is None:
        return []
    found: list[Finding] = []
    locks = stack_locks(subject.state, subject.environment.name, datetime.now(UTC), alone=subject.alone)
    for name, lock in locks.items():
        since = f" since {render_time(lock.since)}" if lock.since else ""
        told = f"the engine's lock on its stack is {lock.holder}'s{since}"
        if lock.breakable:
            found.append(
                Finding(kind="stack-lock", found=f"{told}, and that run has ended", cure="remove it", mends=True)
            )
        else:
            cure = f"wait for that run; once it is certain that it has ended, delete {subject.state.location}/{name}"
            found.append(Finding(kind="stack-lock", found=f"{told}, which may go on", cure=cure, mends=False))
    return found


def _state(subject: RepairSubject) -> list[Finding]:
    if subject.state is None:
        return []
    checkpoint = subject.checkpoint() or Checkpoint(resources=0)
    if isinstance(checkpoint, Unreadable):
        return [Finding(kind="state", found=checkpoint.reason, cure=_how_to_restore(subject), mends=True)]
    if subject.alone and torn_mark(subject.state, subject.environment.name):
        found = "a run was killed while it wrote its state, and the engine cannot read the file that it left beside it"
        return [Finding(kind="mark", found=found, cure="remove that file; the state itself is whole", mends=True)]
    if checkpoint.pending:
        found = f"a run was killed while it made {', '.join(checkpoint.pending)}"
        cure = "look in AWS for each, and take over what is there"
        return [Finding(kind="pending", found=found, cure=cure, mends=True)]
    return _lost(subject) if not checkpoint.resources else []


def _lost(subject: RepairSubject) -> list[Finding]:
    if subject.is_going:
        return []
    there = Leftovers.connect(subject.opened.connection, NAME).find(subject.environment)
    own = [r for r in there if isinstance(r.tags, StackTags) and r.tags.environment == subject.environment]
    if not own:
        return []
    found = f"its state knows of nothing, and AWS has {', '.join(label(resource) for resource in own)}"
    return [Finding(kind="lost", found=found, cure=_how_to_restore(subject), mends=True)]


def _how_to_restore(subject: RepairSubject) -> str:
    backup = subject.newest_backup()
    first = f"put its newest backup in place ({backup})" if backup else "put it aside, as no backup can be read"
    return first if subject.is_going else f"{first}, then take over what AWS has of it; no resource is changed"


def _unfinished(record: FeatureRecord) -> list[Finding]:
    match record.state:
        case "quarantined":
            found = f"it is in quarantine after {record.failures} failed destroys: {record.problem}"
            cure = "see whether anything still stands in the way, and if not, let cleanup go on"
            return [Finding(kind="quarantine", found=found, cure=cure, mends=True)]
        case "creating":
            cure = f"tee-infra feature create --branch {shlex.quote(record.branch)}"
            return [Finding(kind="unfinished", found="its create never ended", cure=cure, mends=False)]
        case "destroying":
            cure = f"tee-infra feature destroy {record.environment}"
            return [Finding(kind="unfinished", found="its destroy never ended", cure=cure, mends=False)]
        case _:
            return []
