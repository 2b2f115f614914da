"""The engine's own lock files: those that nobody can need any more are removed, and no others."""

import os
import socket
from datetime import UTC, datetime

from tee_infra.core.inventory import StackLock
from tee_infra.core.state_files import locks_folder, read_stack_lock
from tee_infra.workflows.file_store import FileStore
from tee_infra.workflows.home import Home
from tee_infra.workflows.project import NAME


def break_stale_locks(home: Home, environment: str) -> list[str]:
    """Remove a feature environment's stale stack locks; say whose they were. The caller holds the environment's."""
    return break_stale_locks_in(home.state, environment, alone=home.target.embedded)


def break_stale_locks_in(state: FileStore, environment: str, *, alone: bool) -> list[str]:
    """The same in any store of the engine's `.pulumi` folder. `alone`: only this machine writes there.

    `pulumi cancel` would remove every lock of the stack, those of runs that go on too.
    """
    broken: list[str] = []
    for name, lock in stack_locks_in(state, environment, alone=alone).items():
        if lock.breakable:
            state.delete(name)
            broken.append(lock.holder)
    return broken


def stack_locks_in(state: FileStore, environment: str, *, alone: bool) -> dict[str, StackLock]:
    """Every lock file of a stack, by its name. By this machine's clock: locks are real whatever `--now` says."""
    found: dict[str, StackLock] = {}
    # In a folder the engine keeps an `.attrs` beside each.
    for name in (name for name in state.names(locks_folder(NAME, environment)) if name.endswith(".json")):
        try:
            with state.read(name) as file:
                data = file.read()
        except FileNotFoundError:
            continue  # its run has ended since
        found[name] = read_stack_lock(data, host=socket.gethostname(), runs=runs, now=datetime.now(UTC), alone=alone)
    return found


def runs(process: int) -> bool:
    """Whether a process of this machine is there."""
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
