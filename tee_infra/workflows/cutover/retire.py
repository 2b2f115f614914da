"""Deletes the tables of a slot: final backup, proof that nobody uses them, and only then the engine.

Held are the lock of the switch, that of replications into the slot, and the stack's. What is deleted is in AWS's own
backups as well: DynamoDB keeps one of each deleted table with point-in-time recovery for 35 days.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from tee_infra.aws.dynamodb import DynamoDb
from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.core.changes.slot_changes import check_release, check_removal
from tee_infra.core.cutover.retirement import FinalBackup, require
from tee_infra.core.cutover.slots import tables_of
from tee_infra.core.data.backup import MANIFEST, Manifest
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import PartialError, RefusedError, RemoteError
from tee_infra.workflows.backup.portable import BackupExistsError, create_backup, verify_backup
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.control.history import recorded
from tee_infra.workflows.cutover.replication import lock_name
from tee_infra.workflows.cutover.retirement_facts import SlotInUse, measure_retirement
from tee_infra.workflows.data.progress import Progress
from tee_infra.workflows.session import apply
from tee_infra.workflows.session.file_store import FileStore
from tee_infra.workflows.session.stack_session import StackSession


class FinalBackupError(PartialError):
    """The final backup is not of these tables, or is damaged: `problems`."""

    def __init__(self, location: str, problems: list[str]) -> None:
        self.location = location
        self.problems = problems
        super().__init__(
            f"{location}: the final backup is not valid: {'; '.join(problems[:5])}. This run deleted nothing",
            next="Run the same command with another --output",
        )


class NotDeletedError(RemoteError):
    """Tables that AWS still has after the engine has deleted them: `tables`."""

    def __init__(self, slot: str, tables: list[str]) -> None:
        self.slot = slot
        self.tables = tables
        super().__init__(
            f"{slot}: AWS still has {', '.join(tables)}, although the engine has deleted them",
            next="Run the same command again",
        )


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """What a deletion works with. `source` reads items, `backup_of` is the environment that the backup is named after.

    `stacks` opens the engine: the slot's stack, with its tables without their protections (True), or without tables.
    `open_place`: where a location's files are.
    """

    subject: SlotInUse
    idle_for: timedelta
    source: DynamoDb
    backup_of: str
    open_place: Callable[[str], FileStore]
    stacks: Callable[[], AbstractContextManager[Callable[[bool], StackSession]]]


@dataclass(frozen=True, kw_only=True)
class Retired:
    """What was deleted, and where the final backup is."""

    run: EngineRun
    backup: FinalBackup


def retire(retirement: Retirement, output: str | None, progress: Progress) -> Retired:
    """Delete the tables. Everything is checked again under the locks, before and after the backup.

    Raises `RetirementError`, `LockedError`, `FinalBackupError`, `UnexpectedChangeError`, `NotDeletedError`, and as
    `create_backup` and `Stack` do.
    """
    subject = retirement.subject
    context, slot = subject.context, subject.slot
    with ExitStack() as stack:
        lock = stack.enter_context(locked(context.locks, context.switch_lock, context.actor, subject.command))
        stack.enter_context(locked(context.locks, lock_name(slot), context.actor, subject.command))
        details = stack.enter_context(
            recorded(context.history, context.actor, context.environment, subject.command.removeprefix("tee-infra "))
        )
        require(measure_retirement(subject, retirement.idle_for, output))
        backup = _backed_up(retirement, output, progress)
        details.append(f"final backup in {backup.location}")
        require(measure_retirement(subject, retirement.idle_for, output))
        run = _delete(retirement, backup, lock)
    return Retired(run=run, backup=replace(backup, released=True))


def _backed_up(retirement: Retirement, output: str | None, progress: Progress) -> FinalBackup:
    """The backup, read completely. An earlier run's is read again."""
    subject = retirement.subject
    ids = subject.ids()
    known = subject.retirements.read(subject.slot, ids)
    if isinstance(known, Unreadable):
        raise RefusedError(f"{subject.slot}: {known.reason}. Nothing was deleted")
    if known is not None and known.verified and (output in (None, known.location) or known.released):
        subject.context.report(f"reading the final backup of an earlier run again: {known.location}")
        _verify(retirement, known, ids, progress)
        return known
    if output is None:
        raise RefusedError(f"{subject.slot}: no place for the final backup is named. Nothing was deleted")
    store = retirement.open_place(output)
    begun = known if known is not None and known.location == output else _begun(retirement, store, output, ids)
    backup = replace(begun, verified=True)
    if MANIFEST not in store.names():
        tables = {logical: name for logical, name in tables_of(subject.slot).items() if name in ids}
        subject.context.report(f"making the final backup in {output}")
        create_backup(retirement.source, store, retirement.backup_of, tables, progress)
    _verify(retirement, backup, ids, progress)
    subject.retirements.write(subject.slot, ids, backup)
    return backup


def _begun(retirement: Retirement, store: FileStore, output: str, ids: Mapping[str, str]) -> FinalBackup:
    """Noted before the backup reads the tables. A complete backup there later is then this one."""
    subject = retirement.subject
    if MANIFEST in store.names():
        raise BackupExistsError(output)
    begun = FinalBackup(location=output, begun_at=subject.context.pointers.read()[1])
    subject.retirements.write(subject.slot, ids, begun)
    return begun


def _verify(retirement: Retirement, backup: FinalBackup, ids: Mapping[str, str], progress: Progress) -> None:
    manifest, problems = verify_backup(retirement.open_place(backup.location), progress)
    if problems := problems + _of_others(manifest, retirement.backup_of, ids):
        raise FinalBackupError(backup.location, problems)


def _of_others(manifest: Manifest, environment: str, ids: Mapping[str, str]) -> list[str]:
    held = {table.source: table.source_id for table in manifest.tables}
    problems = [
        f"{name}: it is not in the backup" for name, number in ids.items() if not number.startswith(held.get(name, "?"))
    ]
    if manifest.environment != environment:
        problems.append(f"it is a backup of {manifest.environment}")
    return problems


def _delete(retirement: Retirement, backup: FinalBackup, lock: LockHandle) -> EngineRun:
    subject = retirement.subject
    slot, command = subject.slot, subject.command
    with ExitStack() as stack:
        open_stack = stack.enter_context(retirement.stacks())
        removed = open_stack(False)
        check = stack.enter_context(removed.lock(command))

        def both() -> None:
            lock.check()
            check()

        removed.stack.guard(both)
        if not backup.released:
            released = open_stack(True)
            released.stack.guard(both)
            apply.up(released, lambda plan: check_release(slot, command, plan), both)
            subject.retirements.write(slot, subject.ids(), replace(backup, released=True))
        run = apply.up(removed, lambda plan: check_removal(slot, command, plan), both)
    if left := list(subject.tables()):
        raise NotDeletedError(slot, left)
    return run
