"""Open the stack of any environment: with a stack file in the checkout, or a record in the registry."""

from collections.abc import Generator
from contextlib import contextmanager

from tee_infra.core.environments import Environment
from tee_infra.workflows.control.records import require_live
from tee_infra.workflows.features.context import open_feature_context
from tee_infra.workflows.session.checkout import Project
from tee_infra.workflows.session.engine_locks import break_stale_locks
from tee_infra.workflows.session.session import Reporter, open_session
from tee_infra.workflows.session.stack_session import StackSession, catch_up, open_stack


@contextmanager
def open_environment(
    project: Project, environment: Environment, reporter: Reporter, *, local: bool
) -> Generator[StackSession]:
    """The stack of `environment`, which need not exist yet. `reporter` gets the target first.

    A feature environment without a stack file is opened from its record, in a temporary folder.
    Raises as `open_session`, `open_stack` and `require_live` do.
    """
    session = open_session(project, environment, reporter, local=local, start=True)
    if not project.is_registered(environment):
        yield open_stack(session)
        return
    context = open_feature_context(session)
    record = require_live(context.control, environment.name)
    if context.target.embedded:
        for holder in break_stale_locks(context.state, environment.name, alone=True):
            context.report(f"removed the stale stack lock of {holder}")
    with context.open(record) as opened:
        if context.started:
            catch_up(opened.stack, context.report)
        yield opened
