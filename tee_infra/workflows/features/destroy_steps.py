"""The steps of a destroy. Each may find itself done, half done or not begun by an earlier run, and none trusts it.

Nothing is deleted before the state was backed up and every protection was asked; nothing counts as gone before AWS
itself says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tee_infra.aws.leftovers import Leftovers
from tee_infra.core.cleanup.leftovers import label, plan_leftovers
from tee_infra.core.environments import Environment
from tee_infra.core.lifecycle.destroy_transitions import copy_of_checkpoint
from tee_infra.core.lifecycle.record import FeatureRecord
from tee_infra.core.pulumi_state.checkpoint import Checkpoint
from tee_infra.core.pulumi_state.files import checkpoint_file
from tee_infra.core.unreadable import Unreadable
from tee_infra.errors import RefusedError, RemoteError
from tee_infra.stacks import EngineError
from tee_infra.workflows.control.environment_lock import LockHandle
from tee_infra.workflows.features.context import FeatureContext
from tee_infra.workflows.session.checkout import NAME
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.file_store import copy_file


class DeletionProtectedError(RefusedError):
    """Somebody switched DynamoDB's deletion protection on for `tables`."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment}: deletion protection is on for {', '.join(tables)}, which the program leaves off, so "
            "somebody wants to keep what is in there; nothing was deleted",
            next="Ask them, switch it off with "
            f"aws dynamodb update-table --no-deletion-protection-enabled --table-name {tables[0]}, "
            "then run the same command again",
        )


class UnreadableStateError(RefusedError):
    """The environment's checkpoint cannot be read, so nobody knows what its stack holds."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        self.reason = reason
        super().__init__(
            f"{environment}: {reason}; nothing was deleted", next=f"Mend it: tee-infra repair {environment}"
        )


class LeftoversError(RemoteError):
    """Something of the environment is still in AWS; `left` has why (`table feature-x-tee-admin` -> reason)."""

    def __init__(self, environment: str, left: Mapping[str, str]) -> None:
        self.environment = environment
        self.left = left
        told = "; ".join(f"{name}: {reason}" for name, reason in left.items())
        super().__init__(
            f"{environment} is not gone from AWS: {told}",
            next=f"Find out whose it is, delete it by hand, then run tee-infra feature destroy {environment}",
        )


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """One destroy: of what `record` said before it, begun at `now`, while `held` is held."""

    context: FeatureContext
    record: FeatureRecord
    environment: Environment
    leftovers: Leftovers
    held: LockHandle
    now: datetime

    def say(self, line: str) -> None:
        """A line for people."""
        self.context.report(f"{self.environment.name}: {line}")


def read_state(context: FeatureContext, environment: Environment) -> Checkpoint | None:
    """What an environment's state says; None where there is no stack. Raises `UnreadableStateError`."""
    checkpoint = context.checkpoint(environment.name)
    if isinstance(checkpoint, Unreadable):
        raise UnreadableStateError(environment.name, checkpoint.reason)
    return checkpoint


def break_locks(work: Destruction) -> None:
    """Remove the stack locks of runs that have ended. A lock of one that goes on makes the engine refuse later."""
    work.held.check()
    for holder in break_stale_locks(work.context.state, work.environment.name, alone=work.context.target.embedded):
        work.say(f"removed the stack lock of a run that has ended ({holder})")


def back_up(work: Destruction) -> Checkpoint | None:
    """Copy the checkpoint to where neither the engine nor a later environment of this name overwrites it.

    Returns what it says; None where there is no stack. Raises `UnreadableStateError`.
    """
    work.held.check()
    checkpoint = read_state(work.context, work.environment)
    copy, state = copy_of_checkpoint(work.environment.name, work.now), work.context.state
    # A second run of the same moment finds less in the stack than the first one did.
    if checkpoint is not None and copy not in state.names(copy.rpartition("/")[0]):
        copy_file(state, checkpoint_file(NAME, work.environment.name), copy)
    return checkpoint


def respect_protection(work: Destruction) -> None:
    """Ask AWS whether a table is protected, for the state knows only what the program once set. Never switches it off.

    Raises `DeletionProtectedError`.
    """
    work.held.check()
    tables = work.leftovers.tables(work.environment).values()
    if protected := [table.name for table in tables if table.deletion_protection]:
        raise DeletionProtectedError(work.environment.name, protected)


def destroy_stack(work: Destruction, checkpoint: Checkpoint | None) -> int:
    """Let the engine delete what it knows of; how many resources that were. Raises as `Stack` does."""
    if checkpoint is None:
        work.say("it has no stack, so AWS is asked for what has its names")
        return 0
    with work.context.open(work.record) as opened:
        stack, account = opened.stack, (opened.target.account_id, opened.settings.region)
        if checkpoint.pending:
            work.held.check()
            stack.recover(*account)
        work.held.check()
        plan = stack.preview_destroy()
        work.held.check()
        try:
            stack.destroy()
        except EngineError as error:
            work.say(f"{error}; looking at what is there, and trying once more")
            break_locks(work)  # an engine that died has left its own
            if not stack.recover(*account):
                stack.refresh()
            work.held.check()
            stack.destroy()
    return len(plan.changes)


def sweep(work: Destruction) -> list[str]:
    """Ask AWS what is still there, delete what is certainly this environment's, and ask again: nothing may be left.

    Returns what was deleted (`table feature-x-tee-admin`). Raises `LeftoversError`.
    """
    work.held.check()
    account_id, region = work.context.target.account_id, work.context.host.region
    plan = plan_leftovers(work.record, work.leftovers.find(work.environment), account_id, region)
    for resource in plan.reclaim:
        work.held.check()
        work.leftovers.delete(resource)
        work.say(f"swept {label(resource)}, which its stack had left behind")
    still = work.leftovers.find(work.environment) if plan.reclaim else []
    left = {label(resource): "it was deleted, and is there again" for resource in still} | dict(plan.left)
    if left:
        raise LeftoversError(work.environment.name, left)
    return [label(resource) for resource in plan.reclaim]


def forget_stack(work: Destruction) -> None:
    """Remove the empty stack. The engine refuses while it has resources."""
    work.held.check()
    if read_state(work.context, work.environment) is not None:
        with work.context.open(work.record) as opened:
            opened.stack.remove()
