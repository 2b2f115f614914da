"""Change an environment: plan, ask where something would be lost, then let the engine do it."""

from collections.abc import Callable

from tee_infra.core.plan import Plan
from tee_infra.stacks import NoStackError, ProtectedError, Stack
from tee_infra.workflows.open_stack import OpenStack

Confirm = Callable[[Plan], None]
"""Shows the plan to a person and raises when it is not to be carried out."""


def preview(stack: Stack) -> Plan:
    """What `up` would do; a stack that is not there yet is created empty."""
    try:
        return stack.preview()
    except NoStackError:
        stack.create()
        return stack.preview()


def up(opened: OpenStack, confirm: Confirm) -> Plan:
    """Bring the environment to what its settings say, from wherever an earlier run left it.

    `confirm` sees the plan before anything happens. Raises `ProtectedError` before anything happens as well.
    """
    stack = opened.stack
    plan = preview(stack)
    if stack.recover(opened.target.account_id, opened.settings.region):
        plan = preview(stack)
    if plan.protected:
        raise ProtectedError(stack.name, [change.name for change in plan.protected], plan)
    confirm(plan)
    return stack.up()


def down(stack: Stack, confirm: Confirm) -> Plan:
    """Delete everything in the environment. `confirm` sees the plan before anything happens."""
    confirm(stack.preview_destroy())
    return stack.destroy()
