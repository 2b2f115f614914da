"""Change an environment: plan, ask where something would be lost, then let the engine do it."""

from collections.abc import Callable

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.stacks import NoStackError, ProtectedError, Stack
from tee_infra.workflows.session.stack_session import StackSession

Confirm = Callable[[EngineRun], None]
"""Shows the plan to a person and raises when it is not to be carried out."""

Check = Callable[[], None]
"""Raises when the environment's lock was lost: while a person thought about the plan, somebody else may have begun."""


def preview(stack: Stack) -> EngineRun:
    """What `up` would do; a stack that is not there yet is created empty."""
    try:
        return stack.preview()
    except NoStackError:
        stack.create()
        return stack.preview()


def up(opened: StackSession, confirm: Confirm, check: Check) -> EngineRun:
    """Bring the environment to what its settings say, from wherever an earlier run left it. The caller holds its lock.

    `confirm` sees the plan before anything happens. Raises `ProtectedError` before anything happens as well.
    """
    stack = opened.stack
    plan = preview(stack)
    if stack.recover(opened.target.account_id, opened.settings.region):
        plan = preview(stack)
    if plan.protected:
        raise ProtectedError(stack.name, [change.name for change in plan.protected], plan)
    confirm(plan)
    check()
    return stack.up()


def down(stack: Stack, confirm: Confirm, check: Check) -> EngineRun:
    """Delete everything in the environment, whose lock the caller holds. `confirm` sees the plan before that."""
    confirm(stack.preview_destroy())
    check()
    return stack.destroy()
