"""Change an environment: plan, confirm deletions and replacements, then run the engine."""

from collections.abc import Callable

from tee_infra.core.changes.engine_run import EngineRun
from tee_infra.stacks import NoStackError, Stack, refusal
from tee_infra.workflows.session.stack_session import StackSession

Confirm = Callable[[EngineRun], None]
"""Shows the plan to a person and raises unless it is confirmed."""

Check = Callable[[], None]
"""Raises if the environment's lock was lost: another run may have begun during the confirmation."""


def preview(opened: StackSession) -> EngineRun:
    """The plan of `up`, also of one that is refused; a missing stack is created empty."""
    if opened.is_missing():
        opened.stack.create()
    try:
        return opened.stack.preview()
    except NoStackError:  # only the engine can read this state
        opened.stack.create()
        return opened.stack.preview()


def up(opened: StackSession, confirm: Confirm, check: Check) -> EngineRun:
    """Update the environment to its settings, also after an interrupted run. The caller holds its lock.

    `confirm` gets the plan before the first change. Raises `ProtectedError` and `SharedResourceError`, also before it.
    """
    stack = opened.stack
    plan = preview(opened)
    if opened.may_be_left_open() and stack.recover(opened.target.account_id, opened.settings.region):
        plan = stack.preview()
    if refused := refusal(stack.name, plan):
        raise refused
    confirm(plan)
    check()
    return stack.up()


def down(stack: Stack, confirm: Confirm, check: Check) -> EngineRun:
    """Delete every resource of the environment, whose lock the caller holds. `confirm` gets the plan first."""
    confirm(stack.preview_destroy())
    check()
    return stack.destroy()
