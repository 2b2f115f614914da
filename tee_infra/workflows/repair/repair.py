"""Repair an environment without deleting or changing a resource."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.cleanup.leftovers import plan_leftovers
from tee_infra.core.lifecycle.destroy_transitions import lifted
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.repair.diagnose import Finding, Kind, diagnose
from tee_infra.workflows.repair.subject import RepairSubject
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.file_store import FileStore, copy_file, read_file
from tee_infra.workflows.session.stack_session import StackSession


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """The remaining findings; without any, `plan` has the changes of the next `up`."""

    remaining: list[Finding]
    plan: EngineRun | None


def repair(subject: RepairSubject, shown: Sequence[Finding]) -> Repaired:
    """Repair the findings that were `shown` to a person and still exist, under the environment's lock.

    Raises `LockedError`, `LockLostError`, `RecordChangedError`, `AwsError`, and as `Stack` does.
    """
    with subject.opened.lock("tee-infra repair") as check, _noted(subject) as details:
        left: list[Finding] = []
        for finding in diagnose(subject):
            if finding.mends and finding in shown:
                check()
                left += [more for more in _MENDS[finding.kind](subject) or [] if more not in left]
                details.append(finding.found)
        after = subject.again()
        undecided = {finding.found for finding in left}
        remaining = [*(finding for finding in diagnose(after) if finding.found not in undecided), *left]
        return Repaired(remaining=remaining, plan=None if remaining else settled(after))


def settled(subject: RepairSubject) -> EngineRun | None:
    """The changes of the next `up`; None for a destroyed environment or without a stack."""
    if subject.is_going or subject.checkpoint() is None:
        return None
    return subject.opened.stack.preview()


def _noted(subject: RepairSubject) -> AbstractContextManager[list[str]]:
    """The history of the repair, for feature environments."""
    if subject.context is None:
        return nullcontext([])
    return recorded(subject.context.control, subject.context.actor, subject.environment.name, "repair")


def _break_locks(subject: RepairSubject) -> None:
    if subject.state is not None:
        break_stale_locks(subject.state, subject.environment.name, alone=subject.alone)


def _restore(subject: RepairSubject) -> list[Finding]:
    """Remove broken entries of the state, or restore the newest backup; adopt the resources that it then lacks.

    The broken file is kept beside it.

    Returns the resources that cannot be adopted.
    """
    if subject.state is None:
        return []
    name = checkpoint_file(NAME, subject.environment.name)
    backup = subject.newest_backup()
    # Not *.json: the engine reads every *.json in this folder as a stack.
    was_there = copy_file(subject.state, name, f"{name}.broken-{subject.now:%Y%m%dT%H%M%SZ}")
    integrity = subject.integrity()
    if integrity is not None and integrity.sound is not None:
        _write_entries(subject.state, name, integrity.sound)
    elif backup is not None:
        copy_file(subject.state, backup, name)
    elif was_there:
        subject.state.delete(name)
    return [] if subject.is_going else _adopt(subject.opened)


def _write_entries(state: FileStore, name: str, resources: Sequence[Mapping[str, Any]]) -> None:
    document = json.loads(read_file(state, name) or b"{}")
    if latest := document["checkpoint"].get("latest"):
        latest["resources"] = list(resources)
    with state.write(name) as file:
        file.write(json.dumps(document).encode())


def _undouble(subject: RepairSubject) -> list[Finding]:
    """Take out the entries that the program does not have, where another entry keeps the resource."""
    plan = subject.opened.stack.preview()
    going = {change.urn for change in plan.changes if change.operation == "delete"}
    integrity = subject.integrity()
    groups = integrity.doubled if integrity else ()
    left = [group for group in groups if not going & set(group) or going >= set(group)]
    stale = {urn for group in groups if group not in left for urn in group if urn in going}
    if stale and not subject.opened.stack.forget(stale):
        left = list(groups)
    return [_undecided(group) for group in left]


def _undecided(group: Sequence[str]) -> Finding:
    found = f"the state has one resource of AWS twice: {' and '.join(group)}"
    cure = "keep exactly one of them in the program, then run repair again; until then every up and down is refused"
    return Finding(kind="doubled", found=found, cure=cure, mends=False)


def _adopt_forgotten(subject: RepairSubject) -> list[Finding]:
    return _adopt(subject.opened)


def _adopt(opened: StackSession) -> list[Finding]:
    opened.stack.create()
    adoption = opened.stack.adopt(opened.target.account_id, opened.settings.region)
    opened.report(f"adopted {len(adoption.adopted)} resources from AWS")
    if not adoption.unknown and not opened.stack.preview().changes:
        opened.stack.up()  # changes no resource, and writes dependencies to the state
    return [_unknown(name, opened.environment.name) for name in adoption.unknown]


def _unknown(name: str, environment: str) -> Finding:
    cure = f"check in AWS whether it exists; the next tee-infra up {environment} would create a second one"
    return Finding(kind="lost", found=f"{name} cannot be found by its name", cure=cure, mends=False)


def _recover(subject: RepairSubject) -> None:
    opened = subject.opened
    opened.stack.recover(opened.target.account_id, opened.settings.region)


def _lift(subject: RepairSubject) -> None:
    context, record = subject.context, subject.record
    if context is None or record is None:
        return
    leftovers = Leftovers.connect(context.connection, NAME)
    tables = leftovers.tables(subject.environment).values()
    obstacles = [f"deletion protection is on for {table.name}" for table in tables if table.deletion_protection]
    planned = plan_leftovers(
        record, leftovers.find(subject.environment), context.target.account_id, context.host.region
    )
    obstacles += [f"{name}: {reason}" for name, reason in planned.kept.items()]
    if obstacles:
        context.report(f"still quarantined: {'; '.join(obstacles)}")
        return
    context.control.write(lifted(record))
    context.report("quarantine lifted; the next cleanup retries the destroy")


_MENDS: Final[dict[Kind, Callable[[RepairSubject], list[Finding] | None]]] = {
    "stack-lock": _break_locks,
    "mark": _break_locks,
    "state": _restore,
    "lost": _restore,
    "doubled": _undouble,
    "forgotten": _adopt_forgotten,
    "pending": _recover,
    "quarantine": _lift,
}
