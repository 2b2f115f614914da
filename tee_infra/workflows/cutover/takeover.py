"""Takes a replication into this process, from another one that hands it over, or from a journal at rest."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Final

from tee_infra.core.lifecycle.lock import LockedError
from tee_infra.errors import BusyError
from tee_infra.workflows.control.environment_lock import LockHandle, locked
from tee_infra.workflows.cutover.context import CutoverContext
from tee_infra.workflows.cutover.replication import Replication, lock_name
from tee_infra.workflows.cutover.transform import LoadedTransform

HAND_OVER_SECONDS: Final = 30.0
"""A tail looks for a switch every second, and ends after its present pages."""
_ASK_SECONDS: Final = 0.5
_POLL_SECONDS: Final = 0.05


class NotHandedOverError(BusyError):
    """Another process replicates into the slot, and does not end."""

    def __init__(self, source: str, target: str, holder: str) -> None:
        self.holder = holder
        super().__init__(
            f"the replication from {source} to {target} runs in another process, {holder}, which did not hand it over. "
            f"Nothing was changed, and {source} is open to writes",
            next="End that process; its journal stays. Then run the same command again",
        )


@contextmanager
def taken_over(
    context: CutoverContext,
    source: str,
    target: str,
    purpose: str,
    transform: LoadedTransform | None = None,
) -> Generator[Replication]:
    """The replication, not yet started, under its lock. It is stopped at the end of the block.

    Raises `NotHandedOverError` after `HAND_OVER_SECONDS`.
    """
    with ExitStack() as stack:
        lock = _lock(stack, context, source, target, purpose)
        ends = context.ends(source, target, transform.name if transform else "")
        replication = Replication(ends, context.items, lock, transform=transform)
        stack.callback(replication.stop)
        yield replication


def wait_until_following(replication: Replication, seconds: float) -> bool:
    """Whether each target has within `seconds` what its source had. Raises the error of a replication that ended."""
    due = time.monotonic() + seconds
    while not replication.following:
        replication.require_running()
        if time.monotonic() > due:
            return False
        time.sleep(_POLL_SECONDS)
    return replication.drain(max(_POLL_SECONDS, due - time.monotonic()))


def _lock(stack: ExitStack, context: CutoverContext, source: str, target: str, purpose: str) -> LockHandle:
    due = time.monotonic() + HAND_OVER_SECONDS
    told = False
    while True:
        try:
            return stack.enter_context(locked(context.locks, lock_name(target), context.actor, purpose))
        except LockedError as error:
            if time.monotonic() >= due:
                raise NotHandedOverError(source, target, error.holder) from None
            if not told:
                context.report(f"waiting for {error.holder} to hand over the replication into {target}")
                told = True
        time.sleep(_ASK_SECONDS)
