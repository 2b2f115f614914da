"""The engine's lock files: list them, and remove the stale ones."""

import json
import socket
from datetime import UTC, datetime

from tee_infra.core.pulumi_state.files import StackLock, checkpoint_file, locks_folder, read_stack_lock
from tee_infra.workflows.control.processes import runs
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.file_store import FileStore, read_file


def break_stale_locks(state: FileStore, environment: str, *, alone: bool) -> list[str]:
    """Remove a stack's stale locks, and return their holders. The caller holds the environment's lock.

    `state` is the engine's `.pulumi` folder; `alone`: only this machine writes to it. `pulumi cancel` would also remove
    the locks of active runs. The torn `.attrs` file of a killed engine is removed too.
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
    """Every lock file of a stack, by its name. `real_now`: the engine does not know `--now`."""
    found: dict[str, StackLock] = {}
    # In a local folder, the engine keeps an `.attrs` file beside each.
    for name in (name for name in state.names(locks_folder(NAME, environment)) if name.endswith(".json")):
        try:
            data = read_file(state, name)
        except OSError as error:
            holder = f"an unknown process (the lock file cannot be read: {error.strerror})"
            found[name] = StackLock(holder=holder, since=None, breakable=False)
            continue
        if data is None:
            continue  # its run has ended since
        found[name] = read_stack_lock(data, host=socket.gethostname(), runs=runs, now=real_now, alone=alone)
    return found


def torn_mark(state: FileStore, environment: str) -> str | None:
    """The name of the torn `.attrs` file of a killed engine; None if there is none.

    In a local folder, the engine keeps type and checksum of each file beside it (`.attrs`), not written atomically: an
    empty one fails every later run with "failed to load checkpoint: EOF". A missing one does no harm.
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
