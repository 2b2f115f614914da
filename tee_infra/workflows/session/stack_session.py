"""Open an environment's stack: on the AWS of its session, with the engine."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from tee_infra.aws.connection import Connection
from tee_infra.aws.control_locks import Locks
from tee_infra.aws.control_store import ControlItems, NoControlTableError
from tee_infra.core.environments import Environment
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.settings import Settings
from tee_infra.core.target import AwsTarget
from tee_infra.program import deploy
from tee_infra.stacks import NoStackError, Stack
from tee_infra.workflows.control.environment_lock import locked
from tee_infra.workflows.control.processes import this_actor
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.engine_state import load_checkpoint
from tee_infra.workflows.session.file_store import FileStore, FolderStore
from tee_infra.workflows.session.session import EnvironmentSession, Report


@dataclass(frozen=True, kw_only=True)
class StackSession:
    """A stack with its settings, its target and its connection.

    `state`: the engine's own files, to look at without it; None where only the engine reads them.
    """

    environment: Environment
    settings: Settings
    target: AwsTarget
    connection: Connection
    stack: Stack
    report: Report
    state: FileStore | None = None

    def is_missing(self) -> bool:
        """Whether there is certainly no stack yet. The engine needs half a second to say so. Raises `AwsError`."""
        return self.state is not None and load_checkpoint(self.state, self.environment.name) is None

    def may_be_left_open(self) -> bool:
        """Whether an earlier run may have been killed in the middle: unless its state can be read and says no.

        The engine needs half a second to say so. Raises `AwsError`.
        """
        found = None if self.state is None else load_checkpoint(self.state, self.environment.name)
        return not isinstance(found, Checkpoint) or bool(found.pending)

    @contextmanager
    def lock(self, purpose: str) -> Generator[Callable[[], None]]:
        """Lock the environment during the block. `purpose` is the command, shown to other runs.

        Yields a function to call before each step: it raises `LockLostError` after the lock was lost. In an account
        without a control table, only reports that there is no lock. Raises `LockedError`, `AwsError`.
        """
        with ExitStack() as stack:
            try:
                locks = Locks(ControlItems.connect(self.connection))
                check = stack.enter_context(locked(locks, self.environment.name, this_actor(), purpose)).check
            except NoControlTableError:
                self.report(
                    f"{self.target.describe()}: not bootstrapped, so only the engine's stack lock prevents concurrent "
                    f"runs. Run once: tee-infra bootstrap {self.environment.name}"
                )
                check = _no_lock
            self.stack.guard(check)
            stack.callback(self.stack.guard, _no_lock)
            yield check


def open_stack(session: EnvironmentSession, *, release: bool = False) -> StackSession:
    """Open the stack of the session's environment, which need not exist yet. Raises `EngineUnavailableError`.

    `release`: with its tables, but without their protections, as `deploy` makes them for an archive.
    """
    name, report = session.environment.name, session.report
    backend, state = session.backend(), None
    if session.running is not None:
        state = FolderStore(session.project.state_directory / ".pulumi")
        for holder in break_stale_locks(state, name, alone=True):
            report(f"removed the stale stack lock of {holder}")
    stack = Stack(name, backend, partial(deploy, session.target, release=release), report)
    if session.started:
        catch_up(stack, report)
    return StackSession(
        environment=session.environment,
        settings=session.settings,
        target=session.target,
        connection=session.connection,
        stack=stack,
        report=report,
        state=state,
    )


def catch_up(stack: Stack, report: Report) -> None:
    """Refresh the state after resources were lost: in a killed embedded AWS, a partial destroy, or by hand.

    The engine compares only with its state, and would plan no changes.
    """
    try:
        lost = stack.refresh()
    except NoStackError:
        return
    if lost.changes:
        report(f"{stack.name}: {len(lost.changes)} resources drifted from the state; the state was refreshed")


def _no_lock() -> None:
    """There is no lock to lose."""
