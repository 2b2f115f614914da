"""The engine's own lock files: those that nobody can need any more are removed, and no others."""

import json
import socket
from datetime import UTC, datetime

from tee_infra.core.pulumi_state.files import StackLock, checkpoint_file, locks_folder, read_stack_lock
from tee_infra.workflows.control.processes import runs
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.file_store import FileStore, read_file


def break_stale_locks(state: FileStore, environment: str, *, alone: bool) -> list[str]:
    """Remove a stack's stale locks; say whose they were. The caller holds the environment's own lock.

    `state` is the engine's `.pulumi` folder, and `alone`: only this machine writes there. `pulumi cancel` would remove
    every lock of the stack, those of runs that go on too. A killed engine's torn mark goes as well.
    """
    if alone and (mark := torn_mark(state, environment)):
        state.delete(mark)
    broken: list[str] = []
    for name, lock in stack_locks(state, environment, datetime.now(UTC), alone=alone).items():
        if lock.breakable:
            state.delete(name)
            broken.append(lock.holder)
    return broken


def stack_locks(state: FileStore, environment: str, real_now: datetime, *, alone: bool) -> dict[str, StackLock]:
    """Every lock file of a stack, by its name. `real_now`: their writers know nothing of `--now`."""
    found: dict[str, StackLock] = {}
    # In a folder the engine keeps an `.attrs` beside each.
    for name in (name for name in state.names(locks_folder(NAME, environment)) if name.endswith(".json")):
        data = read_file(state, name)
        if data is None:
            continue  # its run has ended since
        found[name] = read_stack_lock(data, host=socket.gethostname(), runs=runs, now=real_now, alone=alone)
    return found


def torn_mark(state: FileStore, environment: str) -> str | None:
    """The name of the file that a killed engine left torn beside its checkpoint, and cannot read the checkpoint for.

    In a folder it keeps type and checksum of each file beside it (`.attrs`). The file appears as a whole and that one
    does not: an empty one ends every later run with "failed to load checkpoint: EOF". Without one, all is well.
    """
    mark = f"{checkpoint_file(NAME, environment)}.attrs"
    data = read_file(state, mark)
    if data is None:
        return None
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return mark
    return None
