"""The steps of a destroy. Each is idempotent: an earlier run may have completed it, half completed it or not begun it.

No resource is deleted before the state is backed up and every protection is checked; no resource counts as deleted
before AWS confirms it.
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
    """DynamoDB's deletion protection is on for `tables`, which the program leaves off."""

    def __init__(self, environment: str, tables: list[str]) -> None:
        self.environment = environment
        self.tables = tables
        super().__init__(
            f"{environment}: deletion protection is on for {', '.join(tables)}; a person must have switched it on. "
            "Nothing was deleted",
            next=f"Ask the person who did it, or keep the data longer: tee-infra feature hold {environment}",
        )


class UnreadableStateError(RefusedError):
    """The environment's checkpoint cannot be read, so the resources of its stack are unknown."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        self.reason = reason
        super().__init__(
            f"{environment}: {reason}. Nothing was deleted", next=f"To repair it: tee-infra repair {environment}"
        )


class LeftoversError(RemoteError):
    """Resources of the environment are still in AWS; `left`: `table feature-x-tee-admin` -> reason."""

    def __init__(self, environment: str, left: Mapping[str, str]) -> None:
        self.environment = environment
        self.left = left
        told = "; ".join(f"{name}: {reason}" for name, reason in left.items())
        super().__init__(
            f"{environment}: resources are left in AWS: {told}",
            next=f"Find their owner, and check for obstacles: tee-infra repair {environment}",
        )


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """One destroy: `record` as of its begin at `now`, under the lock `held`."""

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
    """An environment's checkpoint; None without a stack. Raises `UnreadableStateError`."""
    checkpoint = context.checkpoint(environment.name)
    if isinstance(checkpoint, Unreadable):
        raise UnreadableStateError(environment.name, checkpoint.reason)
    return checkpoint


def break_locks(work: Destruction) -> None:
    """Remove the stack locks of ended runs. The lock of an active run makes the engine refuse later."""
    work.held.check()
    for holder in break_stale_locks(work.context.state, work.environment.name, alone=work.context.target.embedded):
        work.say(f"removed the stale stack lock of {holder}")


def back_up(work: Destruction) -> Checkpoint | None:
    """Copy the checkpoint to a name that neither the engine nor a later environment of this name overwrites.

    Returns the parsed checkpoint; None without a stack. Raises `UnreadableStateError`.
    """
    work.held.check()
    checkpoint = read_state(work.context, work.environment)
    copy, state = copy_of_checkpoint(work.environment.name, work.now), work.context.state
    # A second run in the same second finds fewer resources in the stack than the first one.
    if checkpoint is not None and copy not in state.names(copy.rpartition("/")[0]):
        copy_file(state, checkpoint_file(NAME, work.environment.name), copy)
    return checkpoint


def respect_protection(work: Destruction) -> None:
    """Check deletion protection in AWS: the state only has the program's setting. Never switches it off.

    Raises `DeletionProtectedError`.
    """
    work.held.check()
    tables = work.leftovers.tables(work.environment).values()
    if protected := [table.name for table in tables if table.deletion_protection]:
        raise DeletionProtectedError(work.environment.name, protected)


def destroy_stack(work: Destruction, checkpoint: Checkpoint | None) -> int:
    """Delete the resources of the stack, and return their number. Raises as `Stack` does."""
    if checkpoint is None:
        work.say("no stack; searching AWS for resources with its names")
        return 0
    with work.context.open(work.record) as opened:
        stack, account = opened.stack, (opened.target.account_id, opened.settings.region)
        stack.guard(work.held.check)
        if checkpoint.pending:
            work.held.check()
            stack.recover(*account)
        work.held.check()
        plan = stack.preview_destroy()
        work.held.check()
        try:
            stack.destroy()
        except EngineError as error:
            work.say(f"{error}; refreshing the state and retrying once")
            break_locks(work)  # a killed engine leaves its own lock
            if not stack.recover(*account):
                stack.refresh()
            work.held.check()
            stack.destroy()
    return len(plan.changes)


def sweep(work: Destruction) -> list[str]:
    """Delete the leftovers that certainly belong to this environment, and check that no resource is left.

    Returns the deleted leftovers (`table feature-x-tee-admin`). Raises `LeftoversError`.
    """
    work.held.check()
    account_id, region = work.context.target.account_id, work.context.host.region
    plan = plan_leftovers(work.record, work.leftovers.find(work.environment), account_id, region)
    for resource in plan.deletable:
        work.held.check()
        work.leftovers.delete(resource)
        work.say(f"deleted the leftover {label(resource)}")
    still = work.leftovers.find(work.environment) if plan.deletable else []
    left = {label(resource): "deleted, but it exists again" for resource in still} | dict(plan.kept)
    if left:
        raise LeftoversError(work.environment.name, left)
    return [label(resource) for resource in plan.deletable]


def forget_stack(work: Destruction) -> None:
    """Remove the empty stack. The engine refuses to remove a stack with resources."""
    work.held.check()
    if read_state(work.context, work.environment) is not None:
        with work.context.open(work.record) as opened:
            opened.stack.guard(work.held.check)
            opened.stack.remove()
